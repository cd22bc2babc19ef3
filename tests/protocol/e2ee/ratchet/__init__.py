"""Tests of the double ratchet."""
