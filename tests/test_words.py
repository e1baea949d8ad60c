"""Words that only this project once used stay out of code, texts and documentation."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import ROOT

#: What the field calls otherwise: upload receiver, partial file, change notifier, sandbox, template store, the server.
_PRIVATE = re.compile(
    r"(?<![a-z])(?:docks?|berths?|heralds?|wardrobes?|shelves|the house|thrift|cages?|caged)(?![a-z])", re.IGNORECASE
)
#: The parts of CamelCase and snake_case names are words too.
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")

_PLACES = ("backend", "frontend/src", "tests", "benchmarks", "deploy", "docs", ".env.example", "run_tests.sh")
_ENDINGS = {".py", ".ts", ".tsx", ".css", ".json", ".md", ".sh", ".yaml", ".yml", ".conf", ".service", ".toml", ""}
_GENERATED = {"schema.d.ts"}


def _files(place: Path) -> Iterator[Path]:
    found = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    for path in found:
        known = path.suffix in _ENDINGS or path.name == ".env.example"
        if known and path.name not in _GENERATED and path != Path(__file__).resolve():
            yield path


@pytest.mark.parametrize("place", [*_PLACES, *(path.name for path in sorted(ROOT.glob("*.md")))])
def test_no_private_word_comes_back(place: str) -> None:
    if place == "CHANGELOG.md":
        pytest.skip("it tells what was true once")

    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in _files(ROOT / place)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _PRIVATE.search(_CAMEL.sub(" ", line))
    ]

    assert found == []


@pytest.mark.parametrize("text", ["UploadDock", "dock_of", "The House", "Cage", "on the shelves", "test_herald"])
def test_a_private_word_is_found_inside_a_name(text: str) -> None:
    assert _PRIVATE.search(_CAMEL.sub(" ", text))


@pytest.mark.parametrize("text", ["docker", "Dockerfile", "package", "household", "housekeeping", "heraldry"])
def test_an_unrelated_word_is_not_found(text: str) -> None:
    assert not _PRIVATE.search(_CAMEL.sub(" ", text))
