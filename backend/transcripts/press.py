"""Files are made aside, a few at a time: who wants fifty PDFs at once waits for them, and nobody else does."""

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backend.settings import ROOT
from backend.transcripts.document import document_from_json
from backend.transcripts.export import export
from backend.transcripts.fonts import fonts_of
from backend.transcripts.look import Look

#: Seconds of pure Python: in a thread they would hold everybody up, so a child makes them.
_HEAVY = ("docx", "pdf")


class Press:
    """`models_dir` is where the font of PDF files lies."""

    def __init__(self, models_dir: Path, *, at_once: int = 2) -> None:
        self._models_dir = models_dir
        self._pool = ThreadPoolExecutor(at_once, "press")
        self._seats = asyncio.Semaphore(at_once)

    async def check(self, format: str) -> list[Path]:
        """The fonts for this format. Raises FontMissing, as `make` does."""
        return await asyncio.to_thread(fonts_of, self._models_dir) if format == "pdf" else []

    async def make(self, document: dict[str, Any], format: str, title: str, look: Look) -> bytes:
        """The file of a stored document."""
        fonts = await self.check(format)
        if format in _HEAVY:
            async with self._seats:
                return await _in_a_child(document, format, title, look, fonts)

        def write() -> bytes:
            return export(document_from_json(document), format, title, look)

        return await asyncio.get_running_loop().run_in_executor(self._pool, write)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _in_a_child(document: dict[str, Any], format: str, title: str, look: Look, fonts: list[Path]) -> bytes:
    wanted = {
        "document": document,
        "format": format,
        "title": title,
        "look": asdict(look),
        "fonts": list(map(str, fonts)),
    }
    order = await asyncio.to_thread(lambda: json.dumps(wanted).encode())
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "backend.transcripts.press_child"]
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        file, said = await child.communicate(order)
    finally:
        if child.returncode is None:  # whoever wanted it has gone
            child.kill()
            await child.wait()
    if child.returncode != 0:
        # Of what it said only the kind of the error: the rest may be what people have said.
        kind = said.decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0]
        raise RuntimeError(f"no {format} was made: {kind or child.returncode}")
    return file
