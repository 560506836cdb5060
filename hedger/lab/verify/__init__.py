"""Published tables reproduced: each check yields rows of ours beside theirs, with the tolerance.

Entrance: `CHECKS`. A row that does not hold means that code and literature disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from hedger.domain.errors import ConfigError
from hedger.lab.verify.attribution import attribution
from hedger.lab.verify.costly import frontier, hodges_neuberger, leland
from hedger.lab.verify.discrete import boyle_emanuel, derman_kamal
from hedger.lab.verify.hull import hull_replays, hull_table
from hedger.lab.verify.inverse import inverse
from hedger.lab.verify.misjudged import el_karoui
from hedger.lab.verify.offset import partial, way2
from hedger.lab.verify.rows import Effort, Row
from hedger.lab.verify.smile import smile

Check = Callable[[Effort], Iterator[Row]]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "derman_kamal": derman_kamal,
        "boyle_emanuel": boyle_emanuel,
        "hull_table": hull_table,
        "hull_replays": hull_replays,
        "leland": leland,
        "el_karoui": el_karoui,
        "frontier": frontier,
        "hodges_neuberger": hodges_neuberger,
        "inverse": inverse,
        "smile": smile,
        "attribution": attribution,
        "way2": way2,
        "partial": partial,
    }
)
"""By name, in the order in which they are shown."""


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Those named, or all. Raises ConfigError for a name that is none."""
    wanted = tuple(names)
    for name in wanted:
        if name not in CHECKS:
            raise ConfigError(f"only = {name!r}: must be one of {', '.join(CHECKS)}")
    return wanted or tuple(CHECKS)
