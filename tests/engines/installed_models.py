"""Folders of models that count as installed, with a few bytes in them."""

import json
from hashlib import sha256
from pathlib import Path


def plant(models_dir: Path, model: str, files: dict[str, bytes]) -> Path:
    """Write the files and a manifest that names them."""
    folder = models_dir / model
    folder.mkdir(parents=True)
    for path, data in files.items():
        (folder / path).write_bytes(data)
    facts = {path: {"size": len(data), "sha256": sha256(data).hexdigest()} for path, data in files.items()}
    manifest = {"files": facts, "source": "a test", "revision": "1", "licence": "MIT"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
