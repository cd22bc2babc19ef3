"""The stores: one conformance suite for all, and what only the durable one promises."""
