"""Links for people without an account: what they may see, until when, behind an access code."""
