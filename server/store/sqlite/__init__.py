"""The store on SQLite: durable, one file, one process.

One module per noun: :mod:`accounts`, :mod:`shelves`, :mod:`mailboxes` are plain
functions over a connection; :mod:`store` makes them asynchronous.
"""
