"""Thousands of broken forms, headers and messages: each is refused, and the server goes on. See `fuzz.py`."""

import pytest

from tests.security.fuzz import PARSERS, fuzz
from tests.serving import Server

#: How many pieces of nonsense each parser gets here; `python -m benchmarks fuzz` sends them for a minute.
EXAMPLES = {"form": 1500, "tus": 5000, "socket": 300}

#: What is logged where something fell that nobody caught; uvicorn has words of its own for text that is no UTF-8.
STUMBLES = ["Exception in ASGI", "Request failed", "never retrieved", "Fatal error", "Unhandled"]


@pytest.mark.parametrize("parser", PARSERS)
async def test_no_nonsense_makes_a_parser_stumble(server: Server, parser: str) -> None:
    await fuzz(parser, range(EXAMPLES[parser]), server.port)

    assert server.client.get("/health").status_code == 200
    log = server.log.read_text()
    assert [said for said in STUMBLES if said in log] == []
