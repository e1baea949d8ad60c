"""Writes frontend/openapi.json, from which the types of the web page's client are generated. Run it after a change of
the API."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "frontend" / "openapi.json"


def openapi_text() -> str:
    """The text of the file: the OpenAPI schema of the server."""
    sys.path.insert(0, str(ROOT))
    from backend.app import create_app
    from backend.settings import Settings

    app = create_app(Settings(_env_file=None, secret_key="no key is needed to describe the API", demo=True))  # noqa: S106
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(openapi_text(), encoding="utf-8")
