"""The partial transcript of a job: a readable document from the first recognised sentence on."""

import json
from pathlib import Path
from typing import Any

from backend.engines.transcription_checkpoint import read_checkpoint
from backend.jobs.workspace import DOCUMENT, FINISHED, SENTENCES, SPEECH, TURNS, Workspace
from backend.speech.languages import MANDARIN, spoken_language
from backend.speech.merge import merge
from backend.speech.types import Diarization, Sentence, diarization_from_json, sentence_from_json
from backend.transcripts.document import Document, document_from_json, from_merged


def read_partial_transcript(folder: Path) -> Document:
    """The document of a job that is not done, without speakers until they are known.

    Reads the disk: call it from a thread."""
    workspace = Workspace(folder)
    if (whole := _json(workspace, DOCUMENT)) is not None:
        return document_from_json(whole)
    rows = _json(workspace, SENTENCES)
    sentences: list[Sentence]
    if rows is not None:
        sentences = [sentence_from_json(row) for row in rows]
    else:
        sentences = read_checkpoint(workspace.path(FINISHED))
    turns = _json(workspace, TURNS)
    diarization = Diarization() if turns is None else diarization_from_json(turns)
    merged, language = merge(sentences, diarization), spoken_language(sentences, MANDARIN)
    return from_merged(merged, duration=_duration(workspace), engines={}, language=language)


def _json(workspace: Workspace, name: str) -> Any:
    # An artifact with a checksum file was whole. Only the pipeline compares checksums, before it uses an artifact.
    if not workspace.path(f"{name}.seal").exists():
        return None
    try:
        return json.loads(workspace.path(name).read_bytes())
    except (OSError, ValueError):
        return None


def _duration(workspace: Workspace) -> float:
    try:
        record = json.loads(workspace.path(f"{SPEECH}.seal").read_bytes())
        return float(record["facts"]["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
