"""The house itself: who imports whom, pins, launchers, the wheel."""
