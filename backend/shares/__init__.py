"""Share links: people without an account can view a recording for a limited time, with an access code."""
