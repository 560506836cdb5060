"""What the service manager is told over its socket, sd_notify(3); nothing where there is none."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class ServiceManager:
    """READY, STATUS, WATCHDOG and STOPPING as datagrams to $NOTIFY_SOCKET."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_s = self._watchdog_s(environ)
        self._said = ""

    @staticmethod
    def _watchdog_s(environ: Mapping[str, str]) -> float | None:
        """Period within which the manager wants a sign of life; None where it wants none of this process."""
        usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(os.getpid()))
        return int(usec) / 1e6 if usec.isdigit() and int(usec) and pid == str(os.getpid()) else None

    def ready(self) -> None:
        self._send("READY=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`, sent when it changes."""
        if text != self._said:
            self._said = text
            self._send(f"STATUS={text}")

    def alive(self) -> None:
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        """A manager that is gone or busy misses a datagram: no reason to stop, and the next one comes."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            try:
                channel.sendto(message.encode(), self._address)
            except OSError:
                return
