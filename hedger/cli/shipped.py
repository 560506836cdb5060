"""Where the demonstration's configuration is: `config/demo.toml` has one text, wherever it was put."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from hedger.domain.errors import ConfigError

DEMO = Path("config/demo.toml")


def demo_config() -> Path:
    """That of the working folder, else of the source tree, else of the installation. Raises ConfigError."""
    found = next((path for path in (DEMO, _beside_package(), *_installed()) if path.is_file()), None)
    if found is None:
        raise ConfigError(f"{DEMO}: not found, and this installation has none; name a configuration with -c")
    return found


def _beside_package() -> Path:
    return Path(__file__).resolve().parents[2] / DEMO


def _installed() -> list[Path]:
    """As the installer recorded it; it decides where a distribution's data goes."""
    try:
        recorded = files("hedger") or []
    except PackageNotFoundError:
        return []
    return [Path(str(row.locate())) for row in recorded if row.parts[-2:] == ("hedger", DEMO.name)]
