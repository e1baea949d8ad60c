"""Comments at a place of a transcript: threads that are answered and resolved, and that survive edits of the text."""
