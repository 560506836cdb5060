"""Fault simulation: whole lives of the daemon against the local exchange, in virtual time, from one seed.

    heap         virtual time: what happens when, in an order that is always defined
    wire         a connection with the faults of a network
    disk         the journal's store: what was synced survives a crash, the rest does not
    process      one daemon: the very session, inbox, engine and codec that trade, driven without asyncio
    underlyings  what a book of a life may be of
    venue        the local exchange, its market and the people on the account
    incidents    what goes wrong, drawn from the seed
    checks       what must hold after every step and at the end
    life         one seed from its start to agreement
    run          many seeds over processes, and their table

May import everything below the drivers; nothing here reads a clock or a random source of its own.
"""
