"""The child process of the render pool: one request on standard input, one file on standard output."""

import json
import os
import sys
from pathlib import Path

from backend.transcripts.document import document_from_json
from backend.transcripts.export import export
from backend.transcripts.export_style import ExportStyle, Script


def main() -> None:
    os.nice(5)
    request = json.load(sys.stdin.buffer)
    style = ExportStyle(**{**request["look"], "script": Script(request["look"]["script"])})
    fonts = [Path(path) for path in request["fonts"]]
    document = document_from_json(request["document"])
    sys.stdout.buffer.write(export(document, request["format"], request["title"], style, fonts=fonts))


if __name__ == "__main__":
    main()
