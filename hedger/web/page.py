"""The live page: a few files, read once, served from memory (there is no directory to list)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources
from pathlib import PurePath

from aiohttp import web

_AT_ROOT = {"index.html": "/", "favicon.svg": "/favicon.svg"}
_CONTENT_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


def add_page(app: web.Application) -> dict[str, str]:
    """Route the files of the page, each by its exact path; returns these with their content types."""
    routed: dict[str, str] = {}
    for file in sorted((resources.files("hedger.web") / "static").iterdir(), key=lambda f: f.name):
        content_type = _CONTENT_TYPES[PurePath(file.name).suffix]
        path = _AT_ROOT.get(file.name, f"/static/{file.name}")
        app.router.add_get(path, _serve(file.read_bytes(), content_type))
        routed[path] = content_type
    return routed


def _serve(body: bytes, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=content_type, charset="utf-8")

    return serve
