"""Encrypted backups: where objects lie, how a history becomes an archive, and the way back.

Spec: docs/backup.md
"""
