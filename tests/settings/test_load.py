from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from hedger.domain.vocabulary import Environment, Mode, Neutral, Severity
from hedger.engine.settings import Timing
from hedger.execution.params import ExecutionParams
from hedger.policies.registry import POLICIES
from hedger.risk.envelope import Envelope
from hedger.settings.tables import is_loopback
from tests.settings.files import PRODUCTION, SECRET, SMALLEST, loaded, refusal

CONFIG = Path(__file__).parents[2] / "config"


def test_the_smallest_file_observes_with_every_default(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    (book,) = found.engine.books
    assert found.engine.mode is Mode.OBSERVE
    assert (book.name, book.venue, book.neutral, book.policy) == ("btc", "deribit", Neutral.COIN, "band")
    assert book.policy_params == POLICIES["band"].params({})._asdict()
    assert (book.envelope, book.execution, found.engine.timing) == (Envelope(), ExecutionParams(), Timing())
    assert found.venues["deribit"][0] is Environment.TESTNET
    assert (found.state_dir, found.journal_path) == (Path(".hedger"), Path(".hedger/journal.sqlite"))
    assert (found.recorder_path, found.web.host, found.web.port) == (None, "127.0.0.1", 8787)
    assert tuple(found.clock) == (0, 0, 1.0)
    assert found.engine.config_hash == found.config_hash


def test_what_is_handed_on_are_the_plain_dataclasses_of_the_pure_packages(tmp_path: Path) -> None:
    book = loaded(tmp_path).engine.books[0]
    assert type(book.envelope) is Envelope
    assert type(book.execution) is ExecutionParams


def test_every_table_reaches_its_place(tmp_path: Path) -> None:
    text = (
        'state_dir = "state"\n'
        + SMALLEST
        + """
[books.btc.theta_offset]
window_s = 3600
[books.btc.envelope]
max_order_coin = 2
[books.btc.execution]
style = "market"
[timing]
index_stale_s = 2.5
[journal]
path = "truth.sqlite"
[web]
port = 0
allowed_hosts = ["desk.example"]
[log]
level = "debug"
format = "console"
[recorder]
path = "flight.bin"
"""
    )
    found = loaded(tmp_path, text, overrides=["books.btc.policy=theta_offset"])
    book = found.engine.books[0]
    assert book.policy_params["window_s"] == 3600.0
    assert (book.envelope.max_order_coin, book.execution.style) == (2.0, "market")
    assert found.engine.timing.index_stale_s == 2.5
    assert (found.journal_path, found.recorder_path) == (Path("truth.sqlite"), Path("flight.bin"))
    assert (found.web.port, found.web.allowed_hosts) == (0, ("desk.example",))
    assert (found.log.level, found.log.format) == (Severity.DEBUG, "console")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[book.btc]\n", "book: no such key; did you mean books?"),
        ('moed = "live"\n', "moed: no such key; did you mean mode?"),
        ("[books.btc.envelop]\n", "books.btc.envelop: no such key; did you mean books.btc.envelope?"),
        (
            "[books.btc.band]\nuper = 1\n",
            "books.btc.band.uper: no such key; did you mean books.btc.band.upper?",
        ),
        ("[web]\nprot = 1\n", "web.prot: no such key; did you mean web.port?"),
        ("[timing]\nzzz = 1\n", "timing.zzz: no such key; known are option_stale_s, hedge_stale_s"),
        ("[web.port]\nx = 1\n", "web.port: must be a value, not a table"),
        ("timing = 3\n", "timing: must be a table, written [timing]"),
    ],
)
def test_a_misspelt_key_is_refused_with_its_path_and_a_suggestion(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in refusal(tmp_path, text + SMALLEST if "[" not in text and "=" in text else SMALLEST + text)


def test_a_misspelt_secret_is_not_repeated(tmp_path: Path) -> None:
    text = SMALLEST.replace("[books.btc]", f'client_secrt = "{SECRET}"\n[books.btc]')
    said = refusal(tmp_path, text)
    assert "did you mean venues.deribit.client_secret?" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            "[books.btc.envelope]\nmax_order_usd = -1",
            "books.btc.envelope.max_order_usd = -1.0: must be above 0 USD",
        ),
        (
            "[books.btc.envelope]\nmax_order_usd = true",
            "books.btc.envelope.max_order_usd = True: must be a number",
        ),
        ("[books.btc.envelope]\nmax_order_usd = inf", "max_order_usd = inf: must be a finite number"),
        (
            "[books.btc.envelope]\nmax_orders_per_minute = 2.5",
            "books.btc.envelope.max_orders_per_minute = 2.5: must be a whole number",
        ),
        (
            '[books.btc.envelope]\nmax_orders_per_minute = "many"',
            "books.btc.envelope.max_orders_per_minute = 'many': must be a whole number",
        ),
        ('[timing]\nindex_stale_s = "soon"', "timing.index_stale_s = 'soon': must be a number"),
        ('[web]\nallowed_hosts = "a"', "web.allowed_hosts = 'a': must be a list, like [ ... ]"),
        ('[web]\nallow_remote = "maybe"', "web.allow_remote = 'maybe': must be true or false"),
        ("[books.btc.band]\nlower = 0.2", "books.btc.band."),
        ('[books.btc.execution]\nstyle = "iceberg"', "books.btc.execution.style = 'iceberg': must be"),
        ('[log]\nformat = "xml"', "log.format = 'xml': must be 'json' or 'console'"),
        ("[web]\nport = 70000", "web.port = 70000: must be at most 65535"),
        (
            '[web]\nhost = "0.0.0.0"',
            "web.host = '0.0.0.0': must be a loopback address like 127.0.0.1, or set",
        ),
        ("[web]\nallowed_hosts = [1]", "web.allowed_hosts = 1: must be a text in quotes"),
    ],
)
def test_a_wrong_value_is_told_with_its_path_and_what_would_be_right(
    tmp_path: Path, table: str, said: str
) -> None:
    assert said in refusal(tmp_path, SMALLEST + table)


def test_a_lease_and_its_margin_must_leave_time_to_trade_between_two_renewals(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST + "[lease]\nduration_s = 6.0\nmargin_s = 2.0\n")
    assert "margin_s = 2: must be less than duration_s / 3 = 2" in said
    found = loaded(tmp_path, SMALLEST + "[lease]\nduration_s = 6.5\nmargin_s = 2.0\n")
    assert (found.lease.duration_s, found.engine.lease_margin_s) == (6.5, 2.0)


def test_the_address_of_the_dead_mans_switch_is_a_secret(tmp_path: Path) -> None:
    found = loaded(tmp_path, SMALLEST + f'[watchdog]\nping_url = "https://example.org/{SECRET}"\n')
    assert found.secrets == (f"https://example.org/{SECRET}",)
    assert SECRET not in str(found.values)
    said = refusal(tmp_path, SMALLEST + f'[watchdog]\nping_url = "http://example.org/{SECRET}"\n')
    assert "ping_url: must be https://HOST" in said
    assert SECRET not in said


def test_every_problem_is_told_at_once_one_line_each(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST + '[web]\nport = "x"\n[log]\nlevel = "loud"\n')
    assert [line.split(" = ")[0] for line in said.splitlines()] == ["web.port", "log.level"]


@pytest.mark.parametrize("key", ["venue", "underlying", "hedge_instrument"])
def test_a_book_without_a_key_that_has_no_default_is_refused(tmp_path: Path, key: str) -> None:
    text = "\n".join(line for line in SMALLEST.splitlines() if not line.startswith(f"{key} "))
    assert f"books.btc.{key}: missing; must be written: " in refusal(tmp_path, text)


def test_a_venue_says_its_environment(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST.replace('environment = "testnet"', ""))
    assert said.startswith(
        "venues.deribit.environment: missing; must be written: local, testnet or production"
    )


def test_a_file_without_book_or_venue_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, "")
    assert "write at least one table [venues.NAME]" in said
    assert "write at least one table [books.NAME]" in said


def test_a_page_other_machines_reach_must_be_allowed(tmp_path: Path) -> None:
    found = loaded(tmp_path, SMALLEST + '[web]\nhost = "0.0.0.0"\nallow_remote = true\n')
    assert found.web.host == "0.0.0.0"


def test_a_file_that_is_not_there_or_not_toml_is_named(tmp_path: Path) -> None:
    assert "hedger.toml: is not TOML: " in refusal(tmp_path, "mode = = 1")
    assert SECRET not in refusal(tmp_path, f'client_secret = "{SECRET}" oops')


@pytest.mark.parametrize("name", ["default", "demo", "deribit-testnet", "live.example"])
def test_every_committed_configuration_is_valid(name: str, tmp_path: Path) -> None:
    text = (CONFIG / f"{name}.toml").read_text()
    found = loaded(tmp_path, text)
    assert found.engine.books[0].neutral is Neutral.COIN


def test_the_example_for_real_money_is_valid_in_live_mode(tmp_path: Path) -> None:
    found = loaded(tmp_path, (CONFIG / "live.example.toml").read_text(), overrides=["mode=live"])
    assert found.venues["deribit"][0] is Environment.PRODUCTION


def test_the_demo_trades_on_a_local_exchange_only(tmp_path: Path) -> None:
    text = (CONFIG / "demo.toml").read_text()
    found = loaded(tmp_path, text)
    other = loaded(tmp_path, text, overrides=["books.btc.policy=theta_offset"])
    assert (found.engine.mode, found.venues["deribit"][0]) == (Mode.LIVE, Environment.LOCAL)
    assert other.engine.books[0].policy_params["window_s"] == 21_600.0


def test_a_live_production_book_without_neutral_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, PRODUCTION.replace('neutral = "coin"', ""))
    assert said.startswith("books.btc.neutral: missing; ")


@pytest.mark.parametrize("mode", ["observe", "paper"])
def test_without_live_mode_neutral_is_coin_by_default(tmp_path: Path, mode: str) -> None:
    text = PRODUCTION.replace('neutral = "coin"', "").replace('"live"', f'"{mode}"')
    assert loaded(tmp_path, text).engine.books[0].neutral is Neutral.COIN


def test_production_must_be_allowed(tmp_path: Path) -> None:
    said = refusal(tmp_path, PRODUCTION.replace("allow_production = true", ""))
    assert "venues.deribit.environment = 'production': real money needs allow_production = true" in said


def test_the_black_delta_trades_live_only_where_it_is_allowed(tmp_path: Path) -> None:
    text = PRODUCTION.replace('"coin"', '"black"')
    assert "books.btc.neutral = 'black': " in refusal(tmp_path, text)
    assert loaded(tmp_path, text + "allow_naive = true\n").engine.books[0].neutral is Neutral.BLACK
    assert loaded(tmp_path, text, overrides=["mode=observe"]).engine.books[0].neutral is Neutral.BLACK


@pytest.mark.parametrize("name", ["BTC-27MAR26-100000-C", "ETH-PERPETUAL", "BTC_USDC", "PERP"])
def test_a_hedge_is_made_of_a_future_or_perpetual_of_the_underlying(tmp_path: Path, name: str) -> None:
    said = refusal(tmp_path, SMALLEST.replace("BTC-PERPETUAL", name))
    assert f"books.btc.hedge_instrument = '{name}': must be a future or perpetual of BTC" in said


def test_a_dated_future_hedges_too(tmp_path: Path) -> None:
    book = loaded(tmp_path, SMALLEST.replace("BTC-PERPETUAL", "BTC-25DEC26")).engine.books[0]
    assert book.hedge_instrument == "BTC-25DEC26"


def test_two_books_on_one_underlying_of_a_venue_are_refused(tmp_path: Path) -> None:
    second = SMALLEST[SMALLEST.index("[books.btc]") :].replace("btc", "more")
    assert "books.more.scope: may take options that books.btc takes, too" in refusal(
        tmp_path, SMALLEST + second
    )


def test_a_book_on_a_venue_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST.replace('venue = "deribit"', 'venue = "binance"'))
    assert "books.btc.venue = 'binance': must be a table [venues.NAME]; known: deribit" in said


def test_an_address_of_another_environment_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST, overrides=["venues.deribit.url=wss://www.deribit.com/ws/api/v2"])
    assert said.startswith("venues.deribit.url = 'wss://www.deribit.com/ws/api/v2': environment testnet is ")


def test_a_local_venue_is_on_this_machine(tmp_path: Path) -> None:
    text = SMALLEST.replace('"testnet"', '"local"\nurl = "ws://10.0.0.1:1/ws/api/v2"')
    assert "loopback" in refusal(tmp_path, text)


def test_an_unknown_policy_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    said = refusal(tmp_path, overrides=["books.btc.policy=martingale"])
    live = "band, time, theta_offset, whalley_wilmott, zakamouline"
    assert said == f"books.btc.policy = 'martingale': must be one of {live}"


def test_a_policy_for_the_lab_is_refused_live(tmp_path: Path) -> None:
    said = refusal(tmp_path, overrides=["books.btc.policy=leland"])
    assert said.startswith("books.btc.policy = 'leland': is for lab and backtest only; must be one of band")


def test_the_table_of_the_policy_not_chosen_is_validated_too(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST + "[books.btc.theta_offset]\nwindow_s = 1\n")
    assert "books.btc.theta_offset.window_s = 1.0: must be at least 60 s" in said


def test_a_preset_gives_policy_and_parameters_and_the_file_has_the_last_word(tmp_path: Path) -> None:
    text = SMALLEST + 'preset = "hegic_1h"\n[books.btc.theta_offset]\ncap_sigmas = 3\n'
    found = loaded(tmp_path, text)
    book = found.engine.books[0]
    assert (book.policy, book.policy_params["window_s"], book.policy_params["cap_sigmas"]) == (
        "theta_offset",
        3600.0,
        3.0,
    )
    assert found.origins["books.btc.policy"] == "preset"
    assert found.origins["books.btc.theta_offset.window_s"] == "preset"
    assert found.origins["books.btc.theta_offset.cap_sigmas"] == "file"


def test_a_preset_of_another_policy_or_of_no_policy_is_refused(tmp_path: Path) -> None:
    assert "must be one of fmz, thalex, greeks_live, bybit, hegic_1h" in refusal(
        tmp_path, SMALLEST + 'preset = "fzm"\n'
    )
    said = refusal(tmp_path, SMALLEST + 'preset = "fmz"\npolicy = "theta_offset"\n')
    assert said == "books.btc.preset = 'fmz': belongs to policy band, not theta_offset"


def test_the_hash_changes_with_a_value_and_not_with_a_secret(tmp_path: Path) -> None:
    first = loaded(tmp_path).config_hash
    wider = loaded(tmp_path, overrides=["books.btc.band.upper=0.2"]).config_hash
    with_key = {
        loaded(tmp_path, environ={"HEDGER_VENUES__DERIBIT__CLIENT_SECRET": secret}).config_hash
        for secret in (SECRET, "another")
    }
    assert first != wider
    assert len(with_key) == 1
    assert len(first) == 12
    assert loaded(tmp_path, "# a comment\n" + SMALLEST).config_hash == first


def test_no_secret_shows_in_what_is_printed(tmp_path: Path) -> None:
    found = loaded(tmp_path, environ={"HEDGER_VENUES__DERIBIT__CLIENT_SECRET": SECRET})
    assert found.secrets == (SECRET,)
    assert found.venues["deribit"][1].client_secret == SECRET
    assert SECRET not in repr(found) + str(found.values) + str(found.settings)
    assert found.values["venues.deribit.client_secret"] == "***"


def test_a_secret_of_the_wrong_type_is_masked(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST.replace("[books.btc]", "client_secret = 8675309\n[books.btc]"))
    assert "venues.deribit.client_secret = '***': must be a text in quotes" in said
    assert "8675309" not in said


def test_every_value_has_an_origin(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert list(found.values) == list(found.origins)
    assert {f"books.btc.envelope.{field.name}" for field in fields(Envelope)} <= set(found.values)
    assert found.origins["books.btc.underlying"] == "file"
    assert found.origins["books.btc.neutral"] == "default"


@pytest.mark.parametrize("name", ["Deribit", "1st", "deribit-main", "a__b"])
def test_a_venue_has_a_name_that_a_variable_can_carry(tmp_path: Path, name: str) -> None:
    said = refusal(tmp_path, SMALLEST.replace("deribit]", f"{name}]").replace('"deribit"', f'"{name}"'))
    assert said == f"venues.{name}: a venue's name is a-z, 0-9 and single _, starting with a letter"


@pytest.mark.parametrize(("host", "fits"), [("localhost", True), ("::1", True), ("desk.example", False)])
def test_only_addresses_of_this_machine_are_loopback(host: str, fits: bool) -> None:
    assert is_loopback(host) is fits


def test_a_target_outside_the_band_is_named_where_it_stands(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST + "[books.btc.band]\nupper = -0.05\n")
    assert said == "books.btc.target_delta_coin = 0.0: must be at most books.btc.band.upper = -0.05 (coin)"


LINEAR = """
[books.btc_usdc]
venue = "deribit"
underlying = "BTC"
legs = "linear"
hedge_instrument = "BTC_USDC-PERPETUAL"
"""


def test_coin_and_dollar_legs_of_one_underlying_are_two_books_with_a_hedge_each(tmp_path: Path) -> None:
    followed = SMALLEST.replace("\n\n", '\ncurrencies = ["BTC", "USDC"]\n\n', 1)
    coin, dollars = loaded(tmp_path, followed + LINEAR).engine.books
    assert (coin.currencies, dollars.currencies) == (("BTC",), ("USDC",))


def test_a_book_is_hedged_in_what_its_legs_settle_in(tmp_path: Path) -> None:
    wrong = LINEAR.replace("BTC_USDC-PERPETUAL", "BTC-PERPETUAL")
    said = refusal(tmp_path, SMALLEST + wrong)
    assert "with legs = linear, like BTC_USDC-PERPETUAL" in said


def test_a_book_of_both_legs_leaves_none_to_another(tmp_path: Path) -> None:
    both = LINEAR.replace('"linear"', '"both"')
    said = refusal(tmp_path, SMALLEST + both)
    assert "books.btc_usdc.scope: may take options that books.btc takes, too" in said


def test_the_ladder_goes_down(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST + "[books.btc.delta]\nmodel_s = 900\nlast_resort_s = 60\n")
    assert "last_resort_s = 60: must be at least model_s = 900" in said


def test_a_currency_that_is_not_followed_cannot_hold_a_book(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALLEST + LINEAR)
    assert "venues.deribit.currencies = 'BTC': must hold USDC, which books.btc_usdc settles in" in said
