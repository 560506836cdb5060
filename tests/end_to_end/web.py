"""HTTP over loopback as a person with curl does it; numbers are exact decimals."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from decimal import Decimal
from typing import Any, NamedTuple

# Proxies of the environment are for the internet.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TIMEOUT_S = 10.0


class Answer(NamedTuple):
    """Status and body of a response."""

    status: int
    body: str

    @property
    def json(self) -> Any:
        """The body; numbers with a point are Decimal."""
        return json.loads(self.body, parse_float=Decimal)


def get(url: str, **headers: str) -> Answer:
    return _ask(urllib.request.Request(url, headers=headers))


def post(url: str, body: dict[str, Any], **headers: str) -> Answer:
    return _ask(urllib.request.Request(url, data=json.dumps(body).encode(), headers=headers))


def _ask(request: urllib.request.Request) -> Answer:
    """Whatever the server answers. ConnectionError or URLError where nobody does."""
    try:
        with _OPENER.open(request, timeout=TIMEOUT_S) as response:
            return Answer(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode())
