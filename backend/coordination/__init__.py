"""What several servers on one database share: its clock, which of them live, and leases that end with their holder."""
