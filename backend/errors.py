"""Errors that users can cause. Each has a status and a code, and one handler turns them into {"code", "detail"}."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

logger = logging.getLogger(__name__)


class AppError(Exception):
    """Raise a subclass where the error occurs. `detail` tells the user what happened and what to do."""

    status = 400
    code = "bad_request"
    detail = "The request could not be understood."
    retry = False  #: whether a later attempt may succeed without any change

    def __init__(self, detail: str | None = None, *, headers: dict[str, str] | None = None, **facts: Any) -> None:
        self.detail = detail or type(self).detail
        self.headers = headers
        self.facts = facts
        super().__init__(self.detail)


class NotFound(AppError):
    status = 404
    code = "not_found"
    detail = "There is no such thing, or it is not yours."


class Conflict(AppError):
    status = 409
    code = "conflict"
    detail = "This cannot be done in the present state."


class NameChanged(Conflict):
    """Somebody has renamed it since the name was read. `name` is what it is called now, None where it has none."""

    code = "name_changed"
    detail = "It was renamed in the meantime. Send the present name as `expected_name` to replace it."

    def __init__(self, name: str | None) -> None:
        super().__init__(name=name)


class InvalidInput(AppError):
    status = 422
    code = "invalid_input"
    detail = "A field has a value that cannot be used."


#: What pydantic calls a problem, and its kind in an answer; everything else is "wrong_form".
FIELD_PROBLEMS = {
    "missing": "missing",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_many",
    "too_short": "too_few",
    "less_than": "too_large",
    "less_than_equal": "too_large",
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
}
_LIMITS = ("max_length", "min_length", "lt", "le", "gt", "ge")


def invalid_field(problem: Mapping[str, Any], skip: int = 0) -> dict[str, Any]:
    """A problem of pydantic as an entry of `fields`: the path of the field without its first `skip` parts, a sentence,
    and the kind of the problem with the limit that was missed, from which a page makes its own sentence."""
    limits = [limit for name in _LIMITS if isinstance(limit := problem.get("ctx", {}).get(name), int | float)]
    return {
        "field": ".".join(str(part) for part in problem["loc"][skip:]),
        "problem": problem["msg"].removeprefix("Value error, "),
        "kind": FIELD_PROBLEMS.get(problem["type"], "wrong_form"),
        "limit": limits[0] if limits else None,
    }


class TooManyRequests(AppError):
    status = 429
    code = "too_many_requests"
    detail = "Too many requests. Wait a little and try again."


class ServiceBusy(AppError):
    status = 503
    code = "busy"
    detail = "The server is busy. Try again in a few seconds."


def install_handlers(app: FastAPI) -> None:
    """Turn every error into {"code", "detail"}. Unexpected errors are logged once, here."""

    @app.exception_handler(AppError)
    async def app_error(_request: Request, error: AppError) -> JSONResponse:
        content = {"code": error.code, "detail": error.detail, **error.facts}
        return JSONResponse(content, error.status, headers=error.headers)

    @app.exception_handler(HTTPException)
    async def http_error(_request: Request, error: HTTPException) -> JSONResponse:
        codes = {401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
        codes |= {408: "too_slow", 413: "too_large"}
        content = {"code": codes.get(error.status_code, "http_error"), "detail": str(error.detail)}
        return JSONResponse(content, error.status_code, headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def validation_error(_request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [invalid_field(problem, skip=1) for problem in error.errors()]
        return JSONResponse({"code": "invalid_input", "detail": InvalidInput.detail, "fields": fields}, 422)

    app.add_exception_handler(Exception, internal_error_response)


async def internal_error_response(request: Request, error: Exception, request_id: str | None = None) -> JSONResponse:
    """The answer to an unexpected error: no internals, only the request id under which the log has it."""
    logger.error("Request failed", exc_info=error, extra={"method": request.method, "route": request.url.path})
    content = {"code": "internal_error", "detail": "Something went wrong here. It has been logged."}
    return JSONResponse({**content, "request": request_id}, 500)
