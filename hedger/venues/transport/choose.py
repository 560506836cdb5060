"""From the name in the configuration to the transport."""

from __future__ import annotations

from typing import assert_never

from hedger.venues.transport.socket import Transport, TransportKind


def transport_of(kind: TransportKind) -> Transport:
    """The transport of a kind; its library is imported now. Raises ImportError where it is not installed."""
    match kind:
        case TransportKind.WEBSOCKETS:
            from hedger.venues.transport.over_websockets import WebsocketsTransport

            return WebsocketsTransport()
        case TransportKind.PICOWS:
            from hedger.venues.transport.over_picows import PicowsTransport

            return PicowsTransport()
        case _:
            assert_never(kind)
