"""Daemon and exchange on two machines, as far as the kernel is concerned, and a firewall between them.

Two network namespaces joined by a pair of veth devices. Each side sees the other at 127.0.0.1, translated by
iptables, since both speak to loopback only. It takes root, `ip` and `iptables`.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar

from tests.end_to_end.wire import Way

P = ParamSpec("P")
R = TypeVar("R")

_CLONE_NEWNET = 0x40000000
_HERE, _THERE = "10.231.77.1", "10.231.77.2"


def unavailable() -> str:
    """Why no namespaces can be made here; empty where they can."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    missing = [name for name in ("ip", "iptables") if shutil.which(name) is None]
    if missing:
        return f"not installed here: {', '.join(missing)} (apt-get install iproute2 iptables)"
    probe = f"hedger-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if made.returncode:
        return f"no network namespaces here: {made.stderr.strip()}"
    allowed = subprocess.run(_within(probe, "iptables -t nat -L -n"), capture_output=True, text=True)
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return f"no iptables in a namespace here: {allowed.stderr.strip()}" if allowed.returncode else ""


class Namespace:
    """A network of its own; `call` runs within it, and so does a process started there."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name, initializer=self._enter)

    def _enter(self) -> None:
        descriptor = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, _CLONE_NEWNET):  # os.setns from Python 3.12 on
            raise OSError(ctypes.get_errno(), f"setns {self.name}")
        os.close(descriptor)

    def call(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return self._thread.submit(work, *args, **kwargs).result()

    def run(self, *commands: str) -> None:
        for command in commands:
            subprocess.run(_within(self.name, command), check=True, capture_output=True)

    def close(self) -> None:
        self._thread.shutdown()
        subprocess.run(["ip", "netns", "del", self.name], check=True)


class Inside:
    """Another object, whose methods run within a namespace."""

    def __init__(self, namespace: Namespace, thing: object) -> None:
        self._namespace, self._thing = namespace, thing

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._thing, name)
        return partial(self._namespace.call, value) if callable(value) else value


class Firewall:
    """What stands between the daemon's namespace `here` and the exchange's. Rules are in `here`."""

    def __init__(self, here: Namespace, there: Namespace, port: int) -> None:
        self.here, self.there = here, there
        here.run(
            "sysctl -q -w net.ipv4.conf.all.route_localnet=1",
            f"iptables -t nat -A OUTPUT -p tcp -d 127.0.0.1 --dport {port} -j DNAT --to {_THERE}:{port}",
            f"iptables -t nat -A POSTROUTING -d {_THERE} -j SNAT --to {_HERE}",
        )
        there.run(
            "sysctl -q -w net.ipv4.conf.all.route_localnet=1",
            f"iptables -t nat -A PREROUTING -p tcp -d {_THERE} --dport {port} -j DNAT --to 127.0.0.1:{port}",
        )

    def hold(self, *ways: Way) -> None:
        """DROP: packets are lost without a word, and sent again by those who miss an answer."""
        chains = {"up": f"OUTPUT -d {_THERE}", "down": f"INPUT -s {_THERE}"}
        self.here.run(*(f"iptables -I {chains[way]} -j DROP" for way in ways))

    def cut(self) -> None:
        """REJECT: whoever sends is told that there is no such connection."""
        self.here.run(
            "iptables -F", f"iptables -I OUTPUT -p tcp -d {_THERE} -j REJECT --reject-with tcp-reset"
        )

    def unplug(self) -> None:
        """The link itself is down."""
        self.here.run("ip link set veth-here down")

    def heal(self) -> None:
        self.here.run("iptables -F", "ip link set veth-here up")


@contextmanager
def namespaces() -> Iterator[tuple[Namespace, Namespace]]:
    """The daemon's and the exchange's, joined; gone when the block ends."""
    names = [f"hedger-{side}-{os.getpid()}" for side in ("here", "there")]
    with ExitStack() as stack:
        made = []
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            made.append(Namespace(name))
            stack.callback(made[-1].close)
        here, there = made
        here.run(f"ip link add veth-here type veth peer name veth-there netns {there.name}")
        for namespace, device, address in ((here, "veth-here", _HERE), (there, "veth-there", _THERE)):
            namespace.run(
                "ip link set lo up", f"ip addr add {address}/30 dev {device}", f"ip link set {device} up"
            )
        yield here, there


def _within(name: str, command: str) -> list[str]:
    return ["ip", "netns", "exec", name, *command.split()]
