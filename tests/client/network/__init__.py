"""Tests of client/network."""
