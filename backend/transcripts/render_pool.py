"""Renders export files outside the event loop, a few at a time."""

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
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.fonts import fonts_of

#: They take seconds of pure Python, which would hold the GIL in a thread, so a child process renders them.
_CHILD_FORMATS = ("docx", "pdf")


class RenderPool:
    """`models_dir` contains the font for PDF files."""

    def __init__(self, models_dir: Path, *, max_concurrent: int = 2) -> None:
        self._models_dir = models_dir
        self._pool = ThreadPoolExecutor(max_concurrent, "press")
        self._child_slots = asyncio.Semaphore(max_concurrent)

    async def check(self, format: str) -> list[Path]:
        """The fonts for this format. Raises FontMissing, as `render` does."""
        return await asyncio.to_thread(fonts_of, self._models_dir) if format == "pdf" else []

    async def render(self, document: dict[str, Any], format: str, title: str, style: ExportStyle) -> bytes:
        """The file of a stored document."""
        fonts = await self.check(format)
        if format in _CHILD_FORMATS:
            async with self._child_slots:
                return await _render_in_child(document, format, title, style, fonts)

        def write() -> bytes:
            return export(document_from_json(document), format, title, style)

        return await asyncio.get_running_loop().run_in_executor(self._pool, write)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _render_in_child(
    document: dict[str, Any], format: str, title: str, style: ExportStyle, fonts: list[Path]
) -> bytes:
    request_json = {
        "document": document,
        "format": format,
        "title": title,
        "look": asdict(style),
        "fonts": list(map(str, fonts)),
    }
    request = await asyncio.to_thread(lambda: json.dumps(request_json).encode())
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "backend.transcripts.render_child"]
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        file, error_output = await child.communicate(request)
    finally:
        if child.returncode is None:  # the request was cancelled
            child.kill()
            await child.wait()
    if child.returncode != 0:
        # Only the type of the error: its message may contain text of the transcript.
        kind = error_output.decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0]
        raise RuntimeError(f"{format} was not rendered: {kind or child.returncode}")
    return file
