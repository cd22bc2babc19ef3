"""Tests of what a relay grants."""
