"""People: whose voices are known, by consent, and which voice of a recording may be theirs."""
