"""A policy as one text asks for it: `band`, or `band:lower=-0.3,upper=0.3,partial.first_share=0.75`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from hedger.domain.keys import hint, keys_of, named
from hedger.policies.partial import PartialParams

_WHOLE = PartialParams()


class Asked(NamedTuple):
    """Whether the policy has these parameters is for the policy to say."""

    text: str
    policy: str
    params: Mapping[str, float | str]
    parts: Mapping[str, float | str]
    """Of PartialParams, without their `partial.`"""

    def partial(self, base: PartialParams = _WHOLE) -> PartialParams:
        """`base` with what was asked for otherwise. Raises ValueError naming key, value and what is right."""
        known, read = dict(keys_of(PartialParams)), {}
        for name, value in self.parts.items():
            if name not in known:
                raise ValueError(f"partial.{name} = {value!r}: no such parameter; {hint(name, known)}")
            whole = name == "slices"
            if isinstance(value, str) or (whole and value % 1):
                raise ValueError(f"partial.{name} = {value!r}: must be a {'whole ' if whole else ''}number")
            read[name] = int(value) if whole else value
        try:
            return replace(base, **read)  # type: ignore[arg-type]
        except ValueError as error:
            raise ValueError(f"partial.{error}") from None


def asked(text: str) -> Asked:
    """Raises ValueError naming what is no KEY=VALUE."""
    policy, values = named(text)
    own = {key: value for key, value in values.items() if not key.startswith("partial.")}
    parts = {key.removeprefix("partial."): value for key, value in values.items() if key not in own}
    return Asked(text, policy, own, parts)
