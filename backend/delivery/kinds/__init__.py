"""The kinds of channels: each says how a message becomes a request, and what an answer means."""
