"""The page: every file it names is served, nothing comes from elsewhere, nothing is parsed as HTML."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from aiohttp.test_utils import TestClient

FILES = sorted(f.name for f in (resources.files("hedger.web") / "static").iterdir())


def _text(name: str) -> str:
    return (resources.files("hedger.web") / "static" / name).read_text("utf-8")


async def test_the_page_and_all_it_names_are_served(client: TestClient) -> None:
    page = await (await client.get("/")).text()
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert named
    for path in named:
        assert (await client.get(path)).status == 200, path


async def test_every_module_the_script_imports_is_served(client: TestClient) -> None:
    for name in (f for f in FILES if f.endswith(".js")):
        for module in re.findall(r'from "\./([^"]+)"', _text(name)):
            response = await client.get(f"/static/{module}")
            assert response.status == 200
            assert response.headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_fetched_from_another_site(name: str) -> None:
    text = _text(name).replace(
        "http://www.w3.org/2000/svg", ""
    )  # the name of the SVG language, never fetched
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", text)


@pytest.mark.parametrize("name", FILES)
def test_text_never_becomes_markup_and_nothing_is_inline_so_the_strict_policy_holds(name: str) -> None:
    text = _text(name)
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|style=|\son[a-z]+=\""
    )
    assert not re.search(forbidden, text)
