"""P6 at the relay: what hostile peers cost, and what everybody else notices of them."""
