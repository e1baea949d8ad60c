"""The OpenAPI description at /openapi.json, which /docs and /redoc read. Its addresses have the server's prefix."""

import copy
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from backend.path_prefix import prefix_of


def serve_description(app: FastAPI) -> None:
    """Answer /openapi.json instead of FastAPI, which leaves the address for signing in without the prefix."""

    async def description(request: Request) -> JSONResponse:
        return JSONResponse(_under_prefix(app.openapi(), prefix_of(request.scope)))

    app.router.routes.insert(0, Route("/openapi.json", description, include_in_schema=False))


def _under_prefix(schema: dict[str, Any], prefix: str) -> dict[str, Any]:
    if not prefix:
        return schema
    schema = copy.deepcopy(schema)
    schema["servers"] = [{"url": prefix}]
    for scheme in schema["components"]["securitySchemes"].values():
        for flow in scheme.get("flows", {}).values():
            flow["tokenUrl"] = prefix + flow["tokenUrl"]
    return schema
