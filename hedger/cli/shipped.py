"""Where a shipped file of `config/` is: it has one text, wherever it was put."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from hedger.domain.errors import ConfigError

DEMO = Path("config/demo.toml")
SHORT_STRANGLE = Path("config/strategies/short-strangle.toml")


def demo_config() -> Path:
    """The demonstration's configuration. Raises ConfigError."""
    return shipped(DEMO, "name a configuration with -c")


def shipped(wanted: Path, otherwise: str) -> Path:
    """That of the working folder, else of the source tree, else of the installation. Raises ConfigError."""
    places = (wanted, _beside_package(wanted), *_installed(wanted))
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        raise ConfigError(f"{wanted}: not found, and this installation has none; {otherwise}")
    return found


def _beside_package(wanted: Path) -> Path:
    return Path(__file__).resolve().parents[2] / wanted


def _installed(wanted: Path) -> list[Path]:
    """As the installer recorded it; it decides where a distribution's data goes: under `hedger`."""
    try:
        recorded = files("hedger") or []
    except PackageNotFoundError:
        return []
    place = ("hedger", *wanted.parts[1:])
    return [Path(str(row.locate())) for row in recorded if row.parts[-len(place) :] == place]
