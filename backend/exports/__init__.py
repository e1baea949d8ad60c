"""Taking transcripts home: one as a file, several as a zip."""
