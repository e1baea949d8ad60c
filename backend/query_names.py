"""Refuses parameters of the query that a route does not have: a misspelt filter would otherwise answer everything."""

from difflib import get_close_matches

from fastapi import params
from fastapi.dependencies.utils import get_flat_params
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute

from backend.errors import InvalidInput

#: Where the other parameters of a route come from.
_NOT_QUERY = (params.Path, params.Header, params.Cookie)


class UnknownParameter(InvalidInput):
    code = "unknown_parameter"


async def refuse_unknown_names(connection: HTTPConnection) -> None:
    """A dependency of every route. Raises UnknownParameter, which names what is unknown and what there is."""
    route = connection.scope.get("route")
    if not connection.query_params or not isinstance(route, APIRoute):
        return
    known = [field.alias for field in get_flat_params(route.dependant) if not isinstance(field.field_info, _NOT_QUERY)]
    unknown = [name for name in dict.fromkeys(connection.query_params.keys()) if name not in known]
    if not unknown:
        return
    close = [match for name in unknown for match in get_close_matches(name, known, 1)]
    hint = f"Did you mean {', '.join(close)}?" if close else f"Known are: {', '.join(known) or 'none'}."
    fields = [{"field": name, "problem": "This route has no such parameter"} for name in unknown]
    raise UnknownParameter(f"This route has no parameter {', '.join(unknown)}. {hint}", fields=fields)
