"""Thousands of malformed forms, headers and messages: all are refused, and the server keeps running. See `fuzz.py`."""

import pytest

from tests.security.fuzz import PARSERS, fuzz
from tests.serving import Server

#: The number of inputs per parser; `python -m benchmarks fuzz` sends them for a minute.
EXAMPLES = {"form": 1500, "tus": 5000, "socket": 300}

#: Log messages of uncaught errors. uvicorn logs another message for invalid UTF-8, which does not count.
CRASHES = ["Exception in ASGI", "Request failed", "never retrieved", "Fatal error", "Unhandled"]


@pytest.mark.parametrize("parser", PARSERS)
async def test_malformed_input_crashes_no_parser(server: Server, parser: str) -> None:
    await fuzz(parser, range(EXAMPLES[parser]), server.port)

    assert server.client.get("/health").status_code == 200
    log = server.log.read_text()
    assert [message for message in CRASHES if message in log] == []
