"""Tests of the end-to-end core."""
