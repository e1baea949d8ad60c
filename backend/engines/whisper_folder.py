"""A Whisper model in a folder of its own, in CTranslate2's format, and what must be in it (`WHISPER_MODELS`)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

#: How to make such a folder; with CTranslate2's converter, from any Whisper model of a hub or a disk.
CONVERT = (
    "pip install ctranslate2 transformers torch && ct2-transformers-converter --model openai/whisper-medium "
    "--output_dir FOLDER --quantization int8 --copy_files tokenizer.json"
)

_FILES = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
_SPECIFICATION = b"WhisperSpec"  #: stands in the first bytes of model.bin, behind the version of the format
_MULTILINGUAL_TOKENS = 51_865  #: an English-only model has one token less


@dataclass(frozen=True, slots=True)
class FolderProblem:
    """Why a folder cannot be used: it is not there, `file` is not in it, or `file` is not one of a multilingual Whisper
    model that gives times."""

    kind: Literal["missing", "incomplete", "unusable"]
    folder: Path
    file: str = ""

    @property
    def sentence(self) -> str:
        if self.kind == "missing":
            return f"The folder {self.folder} of WHISPER_MODELS does not exist."
        if self.kind == "incomplete":
            return f"{self.file} is missing in {self.folder}. Make the folder with: {CONVERT}"
        return (
            f"{self.file} in {self.folder} is not that of a multilingual Whisper model in CTranslate2's format. "
            f"Make the folder with: {CONVERT}"
        )


def find_problem(folder: Path) -> FolderProblem | None:
    """What is wrong with it, as far as can be seen without loading the model."""
    if (problem := find_missing(folder)) is not None:
        return problem
    checks = {
        "model.bin": _is_whisper,
        "config.json": _has_alignment_heads,
        "tokenizer.json": _knows_mandarin,
        _vocabulary(folder): _is_multilingual,
    }
    for file, is_right in checks.items():
        try:
            right = is_right(folder / file)
        except (OSError, ValueError):
            right = False
        if not right:
            return FolderProblem("unusable", folder, file)
    return None


def find_missing(folder: Path) -> FolderProblem | None:
    """Whether a file is missing. Quick: nothing is read."""
    if not folder.is_dir():
        return FolderProblem("missing", folder)
    for file in (*_FILES, _vocabulary(folder)):
        if not (folder / file).is_file():
            return FolderProblem("incomplete", folder, file)
    return None


def _vocabulary(folder: Path) -> str:
    return next((name for name in _VOCABULARIES if (folder / name).is_file()), _VOCABULARIES[0])


def _is_whisper(path: Path) -> bool:
    with path.open("rb") as file:
        return _SPECIFICATION in file.read(64)


def _has_alignment_heads(path: Path) -> bool:
    config: Any = json.loads(path.read_bytes())
    return isinstance(config, dict) and bool(config.get("alignment_heads"))


def _knows_mandarin(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return all(token in text for token in ("<|zh|>", "<|transcribe|>", "<|startofprev|>", "<|notimestamps|>"))


def _is_multilingual(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    tokens = json.loads(text) if path.suffix == ".json" else text.split("\n")
    return len(tokens) >= _MULTILINGUAL_TOKENS
