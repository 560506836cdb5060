"""A configuration that needs a package that is not installed is told so before anything connects."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hedger.settings.tables import LoopKind
from hedger.venues.transport.socket import TransportKind
from tests.settings.files import loaded, refusal

FAST = ("loop='uvloop'", "venues.deribit.transport='picows'")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without extras."""
    for package in ("uvloop", "picows"):
        monkeypatch.setitem(sys.modules, package, None)  # Python's own mark of a module that is not there


def test_the_fast_packages_are_used_where_they_are_asked_for(tmp_path: Path) -> None:
    found = loaded(tmp_path, overrides=FAST)
    assert found.loop is LoopKind.UVLOOP
    assert found.venues["deribit"][1].transport is TransportKind.PICOWS


@pytest.mark.usefixtures("bare")
def test_every_missing_package_is_named_with_its_extra(tmp_path: Path) -> None:
    assert refusal(tmp_path, overrides=FAST).splitlines() == [
        "loop = 'uvloop': needs the package uvloop: pip install 'hedger[fast]'",
        "venues.deribit.transport = 'picows': needs the package picows: pip install 'hedger[fast]'",
    ]


@pytest.mark.usefixtures("bare")
def test_the_defaults_need_no_extra(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert (found.loop, found.venues["deribit"][1].transport) == (
        LoopKind.ASYNCIO,
        TransportKind.WEBSOCKETS,
    )


def test_a_misspelt_choice_is_told_the_right_ones(tmp_path: Path) -> None:
    assert "'websockets' or 'picows'" in refusal(tmp_path, overrides=["venues.deribit.transport='picow'"])
