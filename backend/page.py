"""The web page: the files of `npm run build` in frontend/dist.

The build does not know under which prefix it will be served: the addresses in index.html begin with ./ there, and with
the prefix of the request when it is sent."""

import asyncio
import mimetypes
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from backend.path_prefix import SERVER_PATHS, path_without_prefix, prefix_of
from backend.settings import ROOT

#: The folder of the built page.
DIST = ROOT / "frontend" / "dist"


class Page(Mount):
    """The last route: a GET that no other route matches is a file of the page, or the page itself."""

    def __init__(self, dist: Path) -> None:
        super().__init__("/", _Files(dist), name="page")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return Match.NONE, {}
        if path_without_prefix(scope).split("/")[1] in SERVER_PATHS:
            return Match.NONE, {}
        return super().matches(scope)


def is_built(dist: Path = DIST) -> bool:
    return (dist / "index.html").is_file()


class _Files(StaticFiles):
    def __init__(self, dist: Path) -> None:
        super().__init__(directory=dist)
        self.dist = dist

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path in (".", "index.html"):
            return await self._index(scope)
        try:
            response = await self._compressed_or_plain(path, scope)
        except HTTPException as error:
            # Other paths are routes of the page itself; a missing asset stays a 404.
            if error.status_code != 404 or path.startswith("assets/"):
                raise
            return await self._index(scope)
        if path.startswith("assets/"):  # their names contain a hash of their content
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            response.headers["Cache-Control"] = "no-cache"
        return response

    async def _index(self, scope: Scope) -> Response:
        """The page itself: small, and never stored without asking, so it is sent whole."""
        text = await asyncio.to_thread((self.dist / "index.html").read_text, "utf-8")
        text = text.replace('="./', f'="{prefix_of(scope)}/')
        return HTMLResponse(text, headers={"Cache-Control": "no-cache"})

    async def _compressed_or_plain(self, path: str, scope: Scope) -> Response:
        """The file, or its gzip from the build for clients that accept it."""
        if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            try:
                response = await super().get_response(f"{path}.gz", scope)
            except HTTPException:
                return await super().get_response(path, scope)
            if isinstance(response, FileResponse):
                kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
                response.headers["Content-Type"] = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
                response.headers["Content-Encoding"] = "gzip"
            response.headers["Vary"] = "Accept-Encoding"
            return response
        return await super().get_response(path, scope)
