"""Tests of backups as bytes."""
