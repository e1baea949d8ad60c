"""What happened, as rows: the event log, how it is followed, and who is told here."""
