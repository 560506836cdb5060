"""One target under atheris; the words after its name are libFuzzer's own."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hedger", "tomllib"]):
    from tests.fuzz.mutator import mutated
    from tests.fuzz.targets import TARGETS, seeds


MEMORY_BYTES = 2 << 30


def main() -> None:
    """Fuzz until libFuzzer's limits are reached; a corpus folder that is named is begun with good inputs.

    Memory is bound by the kernel, so that an input too dear raises MemoryError. libFuzzer's own bound also
    counts the peak of the process that started this one (getrusage(2): kept across exec), no input's doing.
    """
    name, *words = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    for folder in (Path(word) for word in words if not word.startswith("-")):
        if folder.is_dir() and not any(folder.iterdir()):
            for number, seed in enumerate(seeds(name)):
                (folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup([f"fuzz {name}", "-rss_limit_mb=0", *words], TARGETS[name], custom_mutator=_mutate)
    atheris.Fuzz()


def _mutate(data: bytes, most: int, seed: int) -> bytes:
    return mutated(data, most, seed, atheris.Mutate)


if __name__ == "__main__":
    main()
