"""The token file: made once, for its owner only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hedger.domain.errors import AuthError, ConfigError, VenueError
from hedger.web.token import ensure_token, read_token, token_path


def test_the_token_is_made_once_and_kept(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    token = ensure_token(state_dir)
    assert len(token) >= 43  # 32 random bytes
    assert ensure_token(state_dir) == token
    assert read_token(state_dir) == token


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    ensure_token(tmp_path)
    assert stat.S_IMODE(token_path(tmp_path).stat().st_mode) == 0o600


def test_every_state_directory_gets_its_own_token(tmp_path: Path) -> None:
    assert ensure_token(tmp_path / "a") != ensure_token(tmp_path / "b")


def test_a_file_others_can_read_is_refused(tmp_path: Path) -> None:
    ensure_token(tmp_path)
    token_path(tmp_path).chmod(0o644)
    with pytest.raises(ConfigError, match="0644"):
        ensure_token(tmp_path)


def test_an_empty_file_is_refused_because_it_would_let_anyone_in(tmp_path: Path) -> None:
    token_path(tmp_path).write_text("")
    token_path(tmp_path).chmod(0o600)
    with pytest.raises(ConfigError, match="shorter"):
        ensure_token(tmp_path)


def test_a_state_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(ConfigError, match=r"state_dir = '.*/state': cannot hold the token: File exists"):
        ensure_token(tmp_path / "state")


def test_a_token_that_could_not_be_written_leaves_no_file_to_be_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115, closed by whoever writes to it
    monkeypatch.setattr("os.fdopen", lambda *_given, **_named: full)
    with pytest.raises(VenueError, match="No space left on device"):  # code 4: started again by systemd
        ensure_token(tmp_path)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
    assert len(ensure_token(tmp_path)) >= 43


def test_a_client_without_the_file_is_told_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(AuthError, match=str(tmp_path)):
        read_token(tmp_path)
