"""What status, page and command line read: frozen pictures built on demand, from which nothing is decided.

Entrance: `view.StatusView`, `view_builder.build_view`, `outlook.outlook`, `chain.chain`.
"""
