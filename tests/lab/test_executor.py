"""Where a sweep runs changes nothing, to the last bit."""

from __future__ import annotations

import pickle

import pytest

from hedger.domain.errors import ConfigError
from hedger.lab.chunks import CHUNK_PATHS, TASK_CHUNKS
from hedger.lab.executor import executor
from hedger.lab.experiment import Experiment
from hedger.lab.run import Result, run
from tests.lab.experiments import short_call_experiment

_PATHS = 2 * CHUNK_PATHS * TASK_CHUNKS + 700  # three tasks, the last one with a short chunk


def _experiment() -> Experiment:
    rules = [
        {"name": "none", "policy": "none"},
        {"name": "edge", "policy": "band", "params": {"lower": -0.1, "upper": 0.1}},
    ]
    simulation = {"paths": _PATHS, "steps": 13, "seed": 11}
    measures = {"risk_aversion": [0.1]}
    return short_call_experiment(policies=rules, simulation=simulation, measures=measures)


def _bits(result: Result) -> bytes:
    return pickle.dumps([(each.figures, each.histogram.counts.tobytes()) for each in result.policies])


@pytest.fixture(scope="module")
def alone() -> bytes:
    return _bits(run(_experiment()))


def test_two_processes_give_the_same_bits(alone: bytes) -> None:
    with executor("processes", 2) as place:
        assert _bits(run(_experiment(), place)) == alone


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_ray_gives_the_same_bits(alone: bytes) -> None:
    pytest.importorskip("ray")
    with executor("ray", 2) as place:
        assert _bits(run(_experiment(), place)) == alone


def test_an_unknown_executor_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="executor = 'dask': must be one of processes, serial, ray"):
        executor("dask")
