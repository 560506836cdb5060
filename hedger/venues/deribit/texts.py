"""Texts of the wire, checked: what identifies must be plain, what is only shown is made plain.

A NUL cannot be stored by every database, an escape sequence moves a terminal's cursor, and two identifiers
that look alike are none: such an identifier is refused. A person's label and the venue's words may hold
anything, and are shown without it.
"""

from __future__ import annotations

from hedger.domain.errors import BadDataError

MOST_ID_CHARACTERS = 128
MOST_SHOWN_CHARACTERS = 300


def identifier(channel: str, field: str, text: str) -> str:
    """`text` if it can be an id, a name or a currency: printable ASCII. Raises BadDataError."""
    if not (text.isascii() and text.isprintable() and 0 < len(text) <= MOST_ID_CHARACTERS):
        expected = f"1 to {MOST_ID_CHARACTERS} printable ASCII characters"
        raise BadDataError(channel, field, text[:MOST_ID_CHARACTERS], expected)
    return text


def shown(text: str) -> str:
    """The text with "?" for every character that is not printable, cut to what anybody reads."""
    if len(text) <= MOST_SHOWN_CHARACTERS and text.isprintable():
        return text
    return "".join(each if each.isprintable() else "?" for each in text[:MOST_SHOWN_CHARACTERS])
