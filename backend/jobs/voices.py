"""The artifact that says how the voices of a recording sound: what the diarizer leaves, encrypted."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from backend.encryption import DecryptionError, decrypt, encrypt
from backend.jobs.workspace import VOICES, Workspace
from backend.speech.voices import Voice, voices_from_json

logger = logging.getLogger(__name__)

#: What the diarizer's process writes: it has no key.
UNSEALED_VOICES = "voices.part"
_PURPOSE = "voices of a recording"


def seal(workspace: Workspace, secret_key: str, facts: dict[str, Any]) -> None:
    """Encrypt what the diarizer has left. Nothing is done where it has left nothing."""
    unsealed = workspace.path(UNSEALED_VOICES)
    if not unsealed.exists():
        return
    sealed = encrypt(secret_key, _PURPOSE, unsealed.read_text())
    workspace.write(VOICES, {"sealed": sealed}, facts)
    unsealed.unlink()


def read(job_folders: Iterable[Path], secret_key: str) -> tuple[str, list[Voice]] | None:
    """The diarizer and the voices, of the first folder that has them; None if none has."""
    for folder in job_folders:
        content = Workspace(folder).read(VOICES)
        if content is None:
            continue
        try:
            return voices_from_json(json.loads(decrypt(secret_key, _PURPOSE, content["sealed"])))
        except (DecryptionError, KeyError, TypeError, ValueError):
            logger.warning("The voices of a recording cannot be read", extra={"job": folder.name})
    return None
