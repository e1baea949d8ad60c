"""The web page: the files that `npm run build` left in frontend/dist, served at / by the same process."""

import mimetypes
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from backend.settings import ROOT

#: Where the built page lies.
DIST = ROOT / "frontend" / "dist"

#: What is the server's own, and never a path of the page.
_OURS = ("/api", "/docs", "/redoc", "/openapi.json", "/health", "/ready", "/upload", "/metrics")


class Page(Mount):
    """The last route: a GET that no other route wants is a file of the page, or the page itself."""

    def __init__(self, dist: Path) -> None:
        super().__init__("/", _Files(directory=dist), name="page")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope.get("path", "")
        ours = any(path == prefix or path.startswith(f"{prefix}/") for prefix in _OURS)
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or ours:
            return Match.NONE, {}
        return super().matches(scope)


def built(dist: Path = DIST) -> bool:
    return (dist / "index.html").is_file()


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await self._smallest(path, scope)
        except HTTPException as error:
            # An address inside the page is the page's to show; a file that is not there is not there.
            if error.status_code != 404 or path.startswith("assets/"):
                raise
            path = "index.html"
            response = await self._smallest(path, scope)
        if path.startswith("assets/"):  # their names change with what is in them
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            response.headers["Cache-Control"] = "no-cache"
        return response

    async def _smallest(self, path: str, scope: Scope) -> Response:
        """The file, or what the build has compressed of it, for who understands that."""
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
