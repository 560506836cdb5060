"""URLs of databases: recognised, and shown without what nobody may read."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SCHEMES = ("postgresql", "postgres")
_MASK = "***"
_SECRET = ("password", "sslpassword")


def is_url(place: str) -> bool:
    """Whether a place is a database's URL rather than a file."""
    return place.partition("://")[0] in SCHEMES


def holds_password(url: str) -> bool:
    """Whether a URL gives a password away. Raises ValueError for what is no URL."""
    parts = urlsplit(url)
    return parts.password is not None or any(name in _SECRET for name, _ in parse_qsl(parts.query))


def masked(url: str) -> str:
    """The URL as it may be shown."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _MASK
    login, at, place = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    query = [(name, _MASK if name in _SECRET else value) for name, value in parse_qsl(parts.query)]
    netloc = f"{user}{colon}{_MASK if colon else ''}{at}{place}"
    return urlunsplit(parts._replace(netloc=netloc, query=urlencode(query, safe="/:*")))
