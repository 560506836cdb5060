"""What a configuration must hold before anything connects."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedger.domain.errors import AuthError, ConfigError
from hedger.runtime.start import require_keys
from tests.settings.files import SMALLEST, loaded

ID, SECRET = "HEDGER_VENUES__DERIBIT__CLIENT_ID", "HEDGER_VENUES__DERIBIT__CLIENT_SECRET"


@pytest.mark.parametrize(
    ("given", "missing"), [({}, (ID, SECRET)), ({ID: "id"}, (SECRET,)), ({SECRET: "hush"}, (ID,))]
)
def test_a_missing_part_of_the_key_is_named_with_its_variable(
    tmp_path: Path, given: dict[str, str], missing: tuple[str, ...]
) -> None:
    with pytest.raises(AuthError) as refused:
        require_keys(loaded(tmp_path, environ=given))
    (line,) = str(refused.value).splitlines()
    assert line.endswith(f"(testnet): set {' and '.join(missing)}")
    assert "hush" not in line


def test_a_whole_key_is_enough(tmp_path: Path) -> None:
    require_keys(loaded(tmp_path, environ={ID: "id", SECRET: "hush"}))


def test_a_local_venue_without_an_address_is_told_by_its_key_and_where_the_address_comes_from(
    tmp_path: Path,
) -> None:
    local = loaded(tmp_path, SMALLEST.replace("testnet", "local"), environ={ID: "id", SECRET: "hush"})
    with pytest.raises(ConfigError, match=r"^venues\.deribit\.url = '': .* --exchange FILE tells it$"):
        require_keys(local)
