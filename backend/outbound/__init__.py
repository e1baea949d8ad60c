"""Outbound HTTP to addresses that people have entered: addresses are checked, and private networks are not reached."""
