"""How a process of a life comes by the account, keeps it and learns that it has lost it: `runtime/lease.py`
in virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hedger.backtest.simulate.disk import VENUE, Lease
from hedger.backtest.simulate.heap import Heap
from hedger.engine.effects import LoadJournal
from hedger.engine.events import LeaseAwaited, LeaseLost, LeaseRenewed, LeaseUnrenewed
from hedger.journal.lease import AGAIN_AT, POLL_S, RENEWED_AT

if TYPE_CHECKING:
    from hedger.backtest.simulate.process import Process

LOAD_S = 0.05  # reading the journal


class Tenancy:
    """One process and the lease of the account, which all processes share."""

    def __init__(self, process: Process, lease: Lease, heap: Heap) -> None:
        self._process, self._lease, self._heap = process, lease, heap
        self._lease_s = process.machine.lease_s
        self._told_until_s = 0.0  # end of the lease that was told last to be another's

    @property
    def holds(self) -> bool:
        """Whether the account is this process's."""
        return bool(self._process.disk.epoch) and self._lease.epoch == self._process.disk.epoch

    def ask(self, request: LoadJournal) -> None:
        """Wait until the account is ours, then read its journal."""
        self._told_until_s = 0.0
        self._heap.after(LOAD_S, lambda: self._take(request))

    def _take(self, request: LoadJournal) -> None:
        process, lease = self._process, self._lease
        if not process.when_running(lambda: self._take(request)):
            return
        before = process.machine.processes.get(lease.holder)
        dead = process.machine.same_host and before is not None and not before.alive
        if not process.disk.answers or not (dead or lease.until_s < self._heap.now_s):
            if lease.until_s > self._told_until_s and before is not None:
                self._told_until_s = lease.until_s
                until_wire_s = process.boot_s + lease.until_s
                process.emit(LeaseAwaited(venue=VENUE, holder=str(lease.holder), until_wire_s=until_wire_s))
            self._heap.after(POLL_S, lambda: self._take(request))
            return
        loaded = process.machine.store.load(request, process.now().market_ms)
        process.disk.epoch = loaded.epoch
        lease.take(process.number, loaded.epoch, self._heap.now_s + self._lease_s)
        process.machine.watcher.took(process, loaded.epoch, before)
        process.emit(msgspec.structs.replace(loaded, lease_until_wire_s=process.boot_s + lease.until_s))
        self._heap.after(self._lease_s * RENEWED_AT, self._renew)

    def _renew(self) -> None:
        """A third into its life, or soon after an attempt that failed."""
        process = self._process
        if not process.when_running(self._renew):
            return
        if not process.disk.answers:
            process.emit(LeaseUnrenewed(venue=VENUE, detail="the store does not answer"))
            self._heap.after(self._lease_s * AGAIN_AT, self._renew)
            return
        self._heap.after(process.disk.commit_s(), self._renewed)

    def _renewed(self) -> None:
        """The renewal's transaction has come to its end, which is as slow as the disk."""
        process, lease = self._process, self._lease
        if not process.when_running(self._renewed):
            return
        if lease.epoch != process.disk.epoch:
            process.emit(LeaseLost(venue=VENUE, holder=str(lease.holder), detail="taken over"))
            return
        lease.until_s = self._heap.now_s + self._lease_s
        process.emit(LeaseRenewed(venue=VENUE, until_wire_s=process.boot_s + lease.until_s))
        self._heap.after(self._lease_s * RENEWED_AT, self._renew)
