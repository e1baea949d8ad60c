"""Delivery: sends events to the channels that people have set up, at least once and under one id."""
