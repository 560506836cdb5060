"""Websockets: what a venue's client needs of one, and the libraries that provide it.

Entrance: `socket.Transport` (one `connect`), chosen by `choose.transport_of`. A library is imported only
where it is chosen. May import domain.
"""
