"""The web page: the files of `npm run build` in frontend/dist, served at /."""

import mimetypes
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from backend.settings import ROOT

#: The folder of the built page.
DIST = ROOT / "frontend" / "dist"

#: Paths of the server, which are never paths of the page.
_SERVER_PATHS = ("/api", "/docs", "/redoc", "/openapi.json", "/health", "/ready", "/upload", "/metrics")


class Page(Mount):
    """The last route: a GET that no other route matches is a file of the page, or the page itself."""

    def __init__(self, dist: Path) -> None:
        super().__init__("/", _Files(directory=dist), name="page")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope.get("path", "")
        is_server_path = any(path == prefix or path.startswith(f"{prefix}/") for prefix in _SERVER_PATHS)
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or is_server_path:
            return Match.NONE, {}
        return super().matches(scope)


def is_built(dist: Path = DIST) -> bool:
    return (dist / "index.html").is_file()


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await self._compressed_or_plain(path, scope)
        except HTTPException as error:
            # Other paths are routes of the page itself; a missing asset stays a 404.
            if error.status_code != 404 or path.startswith("assets/"):
                raise
            path = "index.html"
            response = await self._compressed_or_plain(path, scope)
        if path.startswith("assets/"):  # their names contain a hash of their content
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            response.headers["Cache-Control"] = "no-cache"
        return response

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
