"""The live page: three files, read once, served from memory (there is no directory to list)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources

from aiohttp import web

_FILES = {
    "/": ("index.html", "text/html"),
    "/static/app.js": ("app.js", "text/javascript"),
    "/static/dom.js": ("dom.js", "text/javascript"),
    "/static/gauge.js": ("gauge.js", "text/javascript"),
    "/static/style.css": ("style.css", "text/css"),
    "/favicon.svg": ("favicon.svg", "image/svg+xml"),
}


def add_page(app: web.Application) -> None:
    """Route the files of the page, each by its exact path."""
    folder = resources.files("hedger.web") / "static"
    for path, (name, content_type) in _FILES.items():
        app.router.add_get(path, _serve((folder / name).read_bytes(), content_type))


def _serve(body: bytes, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=content_type, charset="utf-8")

    return serve
