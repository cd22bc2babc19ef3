"""A vault: keeps shares of passwords' keys, counts guesses, and stops.

Every decision is made by :mod:`protocol.recovery`; here it is loaded, asked, stored, synced,
and only then answered. Spec: docs/vault.md
"""
