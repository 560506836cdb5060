from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.files import SECRET, SMALLEST, loaded, refusal

SECRET_KEY = "venues.deribit.client_secret"
SECRET_VARIABLE = "HEDGER_VENUES__DERIBIT__CLIENT_SECRET"


def test_the_environment_beats_the_file_and_an_override_beats_both(tmp_path: Path) -> None:
    text = SMALLEST + "[books.btc.band]\nupper = 0.15\n"
    environ = {"HEDGER_BOOKS__BTC__BAND__UPPER": "0.2"}
    upper = "books.btc.band.upper"
    found = [
        loaded(tmp_path, text),
        loaded(tmp_path, text, environ),
        loaded(tmp_path, text, environ, [f"{upper}=0.3"]),
    ]
    assert [each.values[upper] for each in found] == [0.15, 0.2, 0.3]
    assert [each.origins[upper] for each in found] == [
        "file",
        "environment HEDGER_BOOKS__BTC__BAND__UPPER",
        "override",
    ]


def test_a_daemon_can_be_configured_by_the_environment_alone(tmp_path: Path) -> None:
    environ = {
        "HEDGER_MODE": "paper",
        "HEDGER_VENUES__DERIBIT__ENVIRONMENT": "testnet",
        "HEDGER_VENUES__DERIBIT__CURRENCIES": "BTC, ETH",
        "HEDGER_VENUES__DERIBIT__CHAIN": "true",
        "HEDGER_BOOKS__ETH__VENUE": "deribit",
        "HEDGER_BOOKS__ETH__UNDERLYING": "ETH",
        "HEDGER_BOOKS__ETH__HEDGE_INSTRUMENT": "ETH-PERPETUAL",
        "HEDGER_WEB__ALLOWED_HOSTS": '["a.example", "b.example"]',
    }
    found = loaded(tmp_path, "", environ)
    params = found.venues["deribit"][1]
    assert (params.currencies, params.chain) == (("BTC", "ETH"), True)
    assert found.engine.books[0].underlying == "ETH"
    assert found.web.allowed_hosts == ("a.example", "b.example")


def test_a_key_of_digits_stays_a_text(tmp_path: Path) -> None:
    found = loaded(tmp_path, environ={SECRET_VARIABLE: "0123456789"})
    assert found.venues["deribit"][1].client_secret == "0123456789"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("HEDGER_FOO", "HEDGER_FOO: no such setting; names are HEDGER_TABLE__KEY"),
        ("HEDGER_MOED", "HEDGER_MOED: no such setting; did you mean HEDGER_MODE?"),
        (
            "HEDGER_BOOKS__BTC__ENVELOPE__MAX_ORDER_UDS",
            "did you mean HEDGER_BOOKS__BTC__ENVELOPE__MAX_ORDER_USD?",
        ),
        ("HEDGER_VENUES__DERIBIT__SECRET", "did you mean HEDGER_VENUES__DERIBIT__CLIENT_SECRET?"),
        (
            "HEDGER_XYZZY",
            "HEDGER_XYZZY: no such setting; names are HEDGER_TABLE__KEY, see config/default.toml",
        ),
        ("HEDGER_BOOKS", "HEDGER_BOOKS: no such setting"),
        ("HEDGER_", "HEDGER_: no such setting"),
    ],
)
def test_an_unknown_variable_is_refused_by_name_and_never_shows_its_value(
    tmp_path: Path, name: str, said: str
) -> None:
    found = refusal(tmp_path, environ={name: SECRET})
    assert said in found
    assert SECRET not in found


def test_variables_of_the_command_line_and_of_others_are_no_settings(tmp_path: Path) -> None:
    environ = {"HEDGER_TOKEN": "t", "HEDGER_SHARED_DATA": "/data", "HOME": "/root", "hedger_mode": "live"}
    assert loaded(tmp_path, environ=environ).values == loaded(tmp_path).values


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("books.btc.polici=band", "books.btc.polici: no such key; did you mean books.btc.policy?"),
        ("books.btc.policy", "books.btc.policy: must be KEY=VALUE"),
        ("web.allowed_hosts=[1,", "web.allowed_hosts = '[1,': must be a TOML value"),
        ("books.btc=1", "books.btc: no such key; it is a table, with keys like books.btc.venue"),
        ("books.btc.band=1", "books.btc.band: no such key; it is a table, with keys like"),
        ("books=1", "books: no such key; it is a table, with keys like books.NAME"),
    ],
)
def test_an_override_that_cannot_be_is_refused(tmp_path: Path, override: str, said: str) -> None:
    assert said in refusal(tmp_path, overrides=[override])


@pytest.mark.parametrize("text", ["theta_offset", '"theta_offset"', "'theta_offset'"])
def test_an_override_is_a_bare_word_or_a_toml_text(tmp_path: Path, text: str) -> None:
    found = loaded(tmp_path, overrides=[f"books.btc.policy={text}"])
    assert found.engine.books[0].policy == "theta_offset"


def test_a_secret_comes_from_the_file_its_pointer_names(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET + "\n")
    text = SMALLEST.replace("[books.btc]", 'client_secret_file = "key"\n[books.btc]')
    found = loaded(tmp_path, text)
    assert found.venues["deribit"][1].client_secret == SECRET
    assert found.origins[SECRET_KEY] == "secret file"
    assert found.secrets == (SECRET,)


def test_the_environment_beats_a_secret_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("old")
    environ = {"HEDGER_VENUES__DERIBIT__CLIENT_SECRET_FILE": "key", SECRET_VARIABLE: SECRET}
    assert loaded(tmp_path, environ=environ).venues["deribit"][1].client_secret == SECRET


def test_a_secret_written_beside_its_pointer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    both = f'client_secret = "{SECRET}"\nclient_secret_file = "key"\n[books.btc]'
    said = refusal(tmp_path, SMALLEST.replace("[books.btc]", both))
    assert "venues.deribit.client_secret is given as well; write one of them" in said
    assert SECRET not in said


@pytest.mark.parametrize("name", ["venues__deribit__client_secret", "HEDGER_VENUES__DERIBIT__CLIENT_SECRET"])
def test_a_folder_of_secrets_names_its_files_like_variables(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / name).write_text(SECRET + "\n")
    (folder / "..data").mkdir()  # as a mounted Secret has it
    (folder / "database_password").write_text("of another service")
    found = loaded(tmp_path, environ={"HEDGER_SECRETS_DIR": "secrets"})
    assert found.venues["deribit"][1].client_secret == SECRET
    assert found.origins[SECRET_KEY] == "secret file"


def test_a_misspelt_secret_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hedger_venues__deribit__secret").write_text(SECRET)
    said = refusal(tmp_path, 'secrets_dir = "."\n' + SMALLEST)
    assert "did you mean HEDGER_VENUES__DERIBIT__CLIENT_SECRET?" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b"\n", "must hold one secret"), (b"\xff", "UTF-8")]
)
def test_a_secret_file_without_a_secret_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    found = refusal(tmp_path, environ={"HEDGER_VENUES__DERIBIT__CLIENT_SECRET_FILE": "key"})
    assert found.startswith("venues.deribit.client_secret_file: ")
    assert said in found


def test_a_folder_of_secrets_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "secrets_dir = 'nowhere': must be a folder" in refusal(
        tmp_path, 'secrets_dir = "nowhere"\n' + SMALLEST
    )


def test_where_a_secret_is_kept_is_no_part_of_the_hash(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    by_file = loaded(tmp_path, environ={"HEDGER_VENUES__DERIBIT__CLIENT_SECRET_FILE": "key"})
    by_variable = loaded(tmp_path, environ={SECRET_VARIABLE: SECRET})
    assert by_file.config_hash == by_variable.config_hash
