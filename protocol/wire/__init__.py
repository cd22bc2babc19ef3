"""What clients and relay say to each other: messages, frames, link machines."""
