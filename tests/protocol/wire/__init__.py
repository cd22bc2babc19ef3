"""Messages, frames and both link machines."""
