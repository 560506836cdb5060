"""Cheap deterministic numbers keyed by (seed, name, time bucket), without numpy and without state.

A ladder is redrawn at every look; a full generator would cost more than the ladder itself. SplitMix64
(Steele, Lea, Flood 2014) is a few integer operations and passes the usual statistical tests.
"""

from __future__ import annotations

from zlib import crc32

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mix(value: int) -> int:
    """One SplitMix64 output for `value`: 64 well-mixed bits."""
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def key(seed: int, name: str) -> int:
    """A 64-bit key of an instrument in a world (crc32, so the same under any PYTHONHASHSEED)."""
    return mix(mix(seed & _MASK) ^ crc32(name.encode()))


def at(name_key: int, bucket: int, purpose: int = 0) -> int:
    """64 bits for one time bucket and purpose of an instrument."""
    return mix(name_key ^ mix((bucket * 64 + purpose) & _MASK))


def unit(bits: int) -> float:
    """A number in (0, 1) from 64 bits."""
    return ((bits >> 12) + 0.5) / (1 << 52)
