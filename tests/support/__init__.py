"""Fakes and instruments that tests of several packages share."""
