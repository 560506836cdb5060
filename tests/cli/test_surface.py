"""Where the page is served, and what is said when it cannot be."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hedger.cli.surface import surface
from hedger.domain.errors import ConfigError
from tests.settings.files import loaded
from tests.web.desk import Desk


async def test_a_port_that_is_taken_is_a_matter_of_the_configuration(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        served = surface(loaded(tmp_path, overrides=[f"web.port={port}"]))
        with pytest.raises(
            ConfigError, match=f"web.port = {port} .*: is in use; choose another, or 0 for a free one"
        ):
            async with served(Desk()):
                pass
