"""Finds what was said, in every recording of a user."""
