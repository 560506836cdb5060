from __future__ import annotations

import json
from pathlib import Path

import pytest

from hedger.domain.errors import ConfigError
from hedger.domain.vocabulary import Environment
from hedger.settings.load import with_exchange
from hedger.settings.ready import Ready, read_ready, ready_of
from tests.settings.files import PRODUCTION, READY, SECRET, SMALLEST, loaded


@pytest.mark.parametrize("text", [SMALLEST, PRODUCTION])
def test_a_local_exchange_replaces_address_keys_and_environment(tmp_path: Path, text: str) -> None:
    found = with_exchange(loaded(tmp_path, text), READY)
    environment, params = found.venues["deribit"]
    assert environment is Environment.LOCAL
    assert found.engine.venues[0].environment is Environment.LOCAL
    assert (params.url, params.client_id, params.client_secret) == (READY["ws_url"], "local-id", SECRET)
    assert found.secrets == (SECRET,)
    assert found.origins["venues.deribit.url"] == "ready file"
    assert SECRET not in repr(found)


def test_market_time_follows_the_exchange(tmp_path: Path) -> None:
    before = loaded(tmp_path)
    found = with_exchange(before, READY)
    assert tuple(found.clock) == (READY["origin_ms"], READY["started_unix_ms"], 3600.0)
    assert found.engine.market_speed == 3600.0
    assert found.engine.config_hash == found.config_hash != before.config_hash


def test_a_certificate_authority_is_taken_where_there_is_one(tmp_path: Path) -> None:
    ready = {**READY, "ws_url": "wss://127.0.0.1:1/ws/api/v2", "ca_file": "/run/ca.pem"}
    found = with_exchange(loaded(tmp_path), ready)
    assert found.venues["deribit"][1].ca_file == "/run/ca.pem"
    assert found.origins["venues.deribit.ca_file"] == "ready file"


def test_an_exchange_on_another_machine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="loopback"):
        with_exchange(loaded(tmp_path), {**READY, "ws_url": "wss://www.deribit.com/ws/api/v2"})


def test_an_exchange_stands_in_for_one_venue_only(tmp_path: Path) -> None:
    found = loaded(tmp_path, SMALLEST + '[venues.other]\nenvironment = "testnet"\n')
    with pytest.raises(ConfigError, match="exactly one venue, there are: deribit, other"):
        with_exchange(found, READY)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"speed": 0.0}, "speed = 0.0: must be above 0"),
        ({"client_secret": 5}, "client_secret"),
        ({"ws_url": None}, "ws_url"),
    ],
)
def test_a_wrong_field_of_the_ready_file_is_named(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        ready_of({**READY, **wrong})
    assert SECRET not in str(caught.value)


def test_a_ready_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text(json.dumps(READY))
    assert read_ready(path) == READY
    assert isinstance(ready_of(read_ready(path)), Ready)
    assert SECRET not in repr(ready_of(READY))


def test_a_ready_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; `hedger exchange --ready-file"):
        read_ready(tmp_path / "ready.json")
    (tmp_path / "ready.json").write_text(f'{{"client_secret": "{SECRET}"')
    with pytest.raises(ConfigError, match="is not the ready file of an exchange") as caught:
        read_ready(tmp_path / "ready.json")
    assert SECRET not in str(caught.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_ready(tmp_path)


def test_a_ready_file_with_a_wrong_field_is_refused_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("{}")
    with pytest.raises(ConfigError, match=r"ready\.json: .*ws_url"):
        read_ready(path)
