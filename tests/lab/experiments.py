"""Small experiments for tests: a short call on 100 over a quarter of a year."""

from __future__ import annotations

from typing import Any

import numpy as np

from hedger.lab.experiment import Experiment, read
from hedger.lab.models import Model
from hedger.pricing.black76 import Floats

EVERY_STEP = {"lower": 0.0, "upper": 0.0, "to_centre": 1}


def short_call(**changed: Any) -> dict[str, Any]:
    """The tables of an experiment's file; `changed` replaces whole tables."""
    leg = {"kind": "call", "strike_usd": 100.0, "expiry_days": 91.0, "quantity_coin": -1.0, "iv": 0.5}
    tables: dict[str, Any] = {
        "book": {"spot_usd": 100.0, "options": [leg]},
        "model": {"kind": "gbm", "volatility": 0.5},
        "costs": {"one_way": 0.001},
        "simulation": {"paths": 1200, "steps": 26, "seed": 5},
        "policies": [{"name": "edge", "policy": "band", "params": {"lower": -0.1, "upper": 0.1}}],
    }
    return tables | changed


def short_call_experiment(**changed: Any) -> Experiment:
    return read(short_call(**changed))


def drawn(model: Model, random: np.random.Generator, steps: int, paths: int, dt: float) -> Floats:
    """Log-returns of a model, [step, path]."""
    moves = np.empty((steps, paths))
    model.fill(moves, random, dt)
    return moves
