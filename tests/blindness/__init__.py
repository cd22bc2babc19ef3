"""P1: the relay is blind, and the proof of it is not."""
