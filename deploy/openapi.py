"""Writes frontend/openapi.json, from which the web page's client gets its types. Run it after a change of the API."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "frontend" / "openapi.json"


def described() -> str:
    """What the server says of itself, as the file holds it."""
    sys.path.insert(0, str(ROOT))
    from backend.app import create_app
    from backend.settings import Settings

    app = create_app(Settings(_env_file=None, secret_key="no key is needed to describe the API", demo=True))  # noqa: S106
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(described(), encoding="utf-8")
