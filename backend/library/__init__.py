"""A user's library: recordings together with their jobs and transcripts, from the upload to the trash."""
