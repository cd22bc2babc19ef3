"""Tests of the recovery of a backup by password."""
