"""The encrypted database of a profile: one file, one idea per table.

    connection      opens the file: cipher, durability, both asked for and read back
    faults          the one seam where SQLite's errors become sentences
    transaction     what every function of this package takes
    database        transactions from async code
    schema          all tables, and the version of the whole
    account, settings, contacts, sessions, prekeys, handshakes, history, search,
    outbox, seen, held, receipts_due, specimens, facts, media
                    a table each: its SQL and the functions that know it
    archive, archive_objects, archive_changes
                    what is known of the backup, and which lines have changed since
    archive_lines   lines as a backup takes them

Functions here store and find; what a message means is decided in `messaging`.

Spec: docs/formats.md#the-database
"""
