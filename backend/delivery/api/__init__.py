"""The routes of channels, their deliveries and the event log."""
