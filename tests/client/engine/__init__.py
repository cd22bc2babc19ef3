"""Tests of client/engine."""
