"""The child of the press: one order on the standard input, one file on the standard output."""

import json
import os
import sys
from pathlib import Path

from backend.transcripts.document import document_from_json
from backend.transcripts.export import export
from backend.transcripts.look import Look, Script


def main() -> None:
    os.nice(5)
    order = json.load(sys.stdin.buffer)
    look = Look(**{**order["look"], "script": Script(order["look"]["script"])})
    fonts = [Path(path) for path in order["fonts"]]
    document = document_from_json(order["document"])
    sys.stdout.buffer.write(export(document, order["format"], order["title"], look, fonts=fonts))


if __name__ == "__main__":
    main()
