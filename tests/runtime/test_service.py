"""The service manager's protocol, over a real socket."""

from __future__ import annotations

import configparser
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hedger.domain.errors import AuthError, ConfigError
from hedger.runtime.service import ServiceManager
from hedger.settings.tables import WatchdogSettings

UNIT = Path(__file__).parents[2] / "deploy" / "hedger.service"


class Manager:
    """The other end: what it was told, datagram by datagram."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)

    def heard(self) -> list[str]:
        told = []
        while True:
            try:
                told.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return told

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify") if request.param == "path" else f"@hedger-{os.getpid()}")
    yield made
    made.close()


def test_every_word_is_one_datagram_and_a_status_is_said_when_it_changes(manager: Manager) -> None:
    service = ServiceManager({"NOTIFY_SOCKET": manager.address})
    service.ready()
    service.status("running")
    service.status("running")
    service.alive()
    service.status("standby")
    service.stopping()

    assert manager.heard() == ["READY=1", "STATUS=running", "WATCHDOG=1", "STATUS=standby", "STOPPING=1"]


def test_the_shipped_unit_is_one_systemd_has_nothing_to_say_about(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not on this machine")
    unit = UNIT.read_text().replace("/opt/hedger/bin/hedger", sys.executable)  # which is on this machine
    (tmp_path / "hedger.service").write_text(unit)
    said = subprocess.run(
        [analyze, "verify", str(tmp_path / "hedger.service")], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_the_shipped_unit_asks_for_what_the_daemon_tells() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(UNIT.read_text())
    service = unit["Service"]
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert int(service["WatchdogSec"]) > 2 * WatchdogSettings().data_age_s
    never = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert never == {ConfigError.exit_code, AuthError.exit_code}, "what only a person can mend"


def test_without_a_manager_nothing_is_said_and_nothing_is_wrong(tmp_path: Path) -> None:
    ServiceManager({}).ready()
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()


@pytest.mark.parametrize(
    ("environ", "period_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "120000000"}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": str(os.getpid())}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_fed_where_the_manager_asks_this_process_for_it(
    environ: dict[str, str], period_s: float | None
) -> None:
    assert ServiceManager(environ).watchdog_s == period_s
