"""The path under which a reverse proxy serves this server, such as /asr where people open https://host/asr/.

In the scope of a request `path` begins with the prefix and `root_path` is the prefix, as ASGI defines them
(https://asgi.readthedocs.io/en/latest/specs/www.html), whether or not the proxy has passed it on: see `PathPrefix`.
"""

import re
from collections.abc import MutableMapping
from typing import Any

#: The ASGI scope of a request.
Scope = MutableMapping[str, Any]

#: Segments of letters that need no quoting in a URL, a cookie's path, or HTML. No empty segment: //host is an address.
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){1,8}", re.ASCII)
_LONGEST = 200

#: The first segments of the paths of the server, which are never paths of the page.
SERVER_PATHS = frozenset(
    ("api", "docs", "health", "metrics", "openapi.json", "ready", "redoc", "static-offline-docs", "upload")
)
#: A prefix that begins with one of these could not be told from a path without a prefix.
_RESERVED = SERVER_PATHS | {"assets", "s"}


def is_prefix(text: str) -> bool:
    """Whether a server can be served under this path, written like /asr."""
    return len(text) <= _LONGEST and _PREFIX.fullmatch(text) is not None and text.split("/")[1] not in _RESERVED


def prefix_of(scope: Scope) -> str:
    """The prefix of this request, like /asr, or empty. Paths in cookies, headers and pages begin with it."""
    prefix: str = scope.get("app_root_path", scope.get("root_path", ""))
    return prefix


def path_without_prefix(scope: Scope) -> str:
    """The path as routes name it."""
    path: str = scope["path"]
    return path.removeprefix(prefix_of(scope))
