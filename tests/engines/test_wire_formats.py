"""The three protocols: what is sent, and how answers and streams of them are read."""

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import BaseModel

from backend.engines.endpoint_traits import EndpointTraits
from backend.engines.language_model_client import LanguageModelClient
from backend.engines.language_model_protocol import LanguageModelError, TokenUsage
from backend.engines.model_endpoint import Endpoint, WireProtocol
from backend.engines.wire_formats import WIRE_FORMATS, Finish, ModelQuestion

KEY = "a-key-of-somebody"


class Weather(BaseModel):
    sky: str


class Recorded:
    """A server that answers as it is told and keeps the requests: (path, headers, body)."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Mapping[str, str], dict[str, Any]]] = []
        self.reply: tuple[int, bytes] = (200, b"{}")
        recorded = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                recorded.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status, content = recorded.reply
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.http.server_address[1]}"

    def answer(self, *events: object, status: int = 200, sse: bool = False) -> None:
        lines = [json.dumps(event, ensure_ascii=False) for event in events]
        text = "".join(f"data: {line}\n\n" for line in lines) if sse else "\n".join(lines)
        self.reply = (status, text.encode())


@pytest.fixture
def server() -> Iterator[Recorded]:
    recorded = Recorded()
    thread = threading.Thread(target=recorded.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield recorded
    recorded.http.shutdown()
    thread.join()
    recorded.http.server_close()


def endpoint(server: Recorded, protocol: WireProtocol, path: str = "", **changed: Any) -> Endpoint:
    return Endpoint(f"{server.origin}{path}", KEY, "m", allow_private=True, protocol=protocol, **changed)


async def ask(model: LanguageModelClient, usage: TokenUsage | None = None) -> str:
    try:
        asked = model.complete_json(Weather, "Be brief.", "The weather?", max_tokens=100, usage=usage or TokenUsage())
        return (await asked).sky
    finally:
        await model.close()


async def stream(model: LanguageModelClient) -> str:
    said = model.stream_text("Be brief.", "The weather?", max_tokens=100, usage=TokenUsage())
    try:
        return "".join([text async for text in said])
    finally:
        await model.close()


async def test_claude_is_asked_with_its_own_messages(server: Recorded) -> None:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": '{"sky": "blue"}'}]
    counts = {"input_tokens": 3, "cache_read_input_tokens": 9, "output_tokens": 5}
    server.answer({"type": "message", "content": content, "stop_reason": "end_turn", "usage": counts})
    usage = TokenUsage()

    assert await ask(LanguageModelClient(endpoint(server, WireProtocol.ANTHROPIC, "/v1")), usage) == "blue"
    path, headers, body = server.requests[0]
    assert (path, headers["x-api-key"], headers["anthropic-version"]) == ("/v1/messages", KEY, "2023-06-01")
    assert (body["system"], body["max_tokens"]) == ("Be brief.", 100)
    assert body["messages"] == [{"role": "user", "content": "The weather?"}]
    assert usage == TokenUsage(1, 12, 5)


async def test_claude_s_stream_is_read_without_its_thoughts(server: Recorded) -> None:
    server.answer(
        {"type": "message_start", "message": {"usage": {"input_tokens": 3}}},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "ping"},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "blue"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
        sse=True,
    )

    assert await stream(LanguageModelClient(endpoint(server, WireProtocol.ANTHROPIC))) == "blue"


async def test_claude_s_errors_have_their_codes(server: Recorded) -> None:
    message = "Your credit balance is too low to access the Anthropic API."
    server.answer({"type": "error", "error": {"type": "invalid_request_error", "message": message}}, status=400)

    with pytest.raises(LanguageModelError) as failed:
        await ask(LanguageModelClient(endpoint(server, WireProtocol.ANTHROPIC)))

    assert (failed.value.code, failed.value.reason) == ("language_model_balance", message)


@pytest.mark.parametrize("path", ["", "/v1", "/api/"])
async def test_ollama_is_told_how_much_to_read(server: Recorded, path: str) -> None:
    message = {"role": "assistant", "content": '{"sky": "blue"}', "thinking": "hm"}
    server.answer({"message": message, "done": True, "done_reason": "stop", "prompt_eval_count": 9, "eval_count": 4})
    usage = TokenUsage()
    asked = endpoint(server, WireProtocol.OLLAMA, path, context_tokens=16_384, parameters={"options": {"top_k": 5}})

    assert await ask(LanguageModelClient(asked), usage) == "blue"
    where, _, body = server.requests[0]
    assert where == "/api/chat"
    assert body["options"] == {"num_ctx": 16_384, "num_predict": 100, "temperature": 0.2, "top_k": 5}
    assert (body["stream"], body["format"], usage) == (False, "json", TokenUsage(1, 9, 4))


async def test_ollama_s_stream_is_a_json_object_a_line(server: Recorded) -> None:
    pieces = [{"message": {"content": piece}, "done": False} for piece in ("天", "晴")]
    server.answer(*pieces, {"message": {"content": ""}, "done": True, "done_reason": "stop"})

    assert await stream(LanguageModelClient(endpoint(server, WireProtocol.OLLAMA))) == "天晴"


async def test_headers_and_parameters_of_an_endpoint_are_sent(server: Recorded) -> None:
    server.answer({"choices": [{"message": {"content": '{"sky": "blue"}'}, "finish_reason": "stop"}]})
    asked = endpoint(
        server,
        WireProtocol.OPENAI,
        temperature=0.7,
        headers={"authorization": "Token x", "X-Team": "asr"},
        parameters={"thinking": {"type": "disabled"}},
    )

    await ask(LanguageModelClient(asked))

    _, headers, body = server.requests[0]
    assert (headers["authorization"], headers["x-team"]) == ("Token x", "asr")
    assert (body["temperature"], body["thinking"]) == (0.7, {"type": "disabled"})
    assert "Token x" not in repr(asked)


@pytest.mark.parametrize(
    ("said", "finish"),
    [("length", Finish.LENGTH), ("MAX_TOKENS", Finish.LENGTH), ("sensitive", Finish.REFUSED), ("eos", Finish.STOP)],
)
def test_odd_reasons_of_an_end_are_understood(said: str, finish: Finish) -> None:
    event = {"choices": [{"message": {"content": "x"}, "finish_reason": said}]}

    assert WIRE_FORMATS[WireProtocol.OPENAI].piece(event).finish is finish


def test_instructions_come_first_where_there_is_no_system_role() -> None:
    asked = Endpoint("http://host/v1", KEY, "m")
    traits = EndpointTraits(system_role=False)

    for protocol in (WireProtocol.OPENAI, WireProtocol.OLLAMA):
        body = WIRE_FORMATS[protocol].body(asked, traits, ModelQuestion("Be brief.", "Why?", 10), stream=False)
        assert body["messages"] == [{"role": "user", "content": "Be brief.\n\nWhy?"}]
