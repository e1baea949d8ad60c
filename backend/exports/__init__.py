"""Export of transcripts: one as a file, several as a zip."""
