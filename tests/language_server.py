"""A language model server for tests: real sockets, the OpenAI protocol, replies from a script of the test."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from backend.engines.language_model_protocol import estimate_tokens

KEY = "sk-a-key-that-nobody-may-see"
MODEL = "a-model"


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A request as the server received it."""

    body: dict[str, Any]
    system: str
    prompt: str
    tokens: int  #: of system and prompt together


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply. `content` that is not text is sent as JSON."""

    content: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    finish: str = "stop"
    refusal: str | None = None
    used: dict[str, Any] | None = None  #: sent instead of the real token counts
    raw: bytes | None = None  #: sent as it is instead of a completion
    cut: bool = False  #: the connection is closed half-way
    endless: bool = False  #: a stream that sends the content and never ends
    drip: bool = False  #: the same, but it goes on sending
    until: threading.Event | None = None  #: sends nothing before this is set

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else json.dumps(self.content, ensure_ascii=False)


Script = Callable[[ModelRequest], Reply]


def fault(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
    """An error with the body of an OpenAI error."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return Reply(status=status, raw=json.dumps(body).encode(), headers=headers)


class LanguageServer:
    """`url` is its address; `requests` holds every request; it answers as `script` says, one reply for each call."""

    def __init__(self, script: Script, *, context: int = 8192, latency: float = 0.0) -> None:
        self.script = script
        self.context = context
        self.latency = latency
        self.requests: list[ModelRequest] = []
        self.open = 0
        self.max_open = 0
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"


@contextmanager
def serve_language(script: Script, *, context: int = 8192, latency: float = 0.0) -> Iterator[LanguageServer]:
    """The server, while the block runs."""
    server = LanguageServer(script, context=context, latency=latency)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.http.shutdown()
        thread.join()
        server.http.server_close()


def in_sequence(*replies: Reply) -> Script:
    """Each reply once, in order, and the last one repeatedly."""
    left = list(replies)
    lock = threading.Lock()

    def script(_request: ModelRequest) -> Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return script


def _handler_of(server: LanguageServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self._send(fault(404, "redirects lead here"))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with server.lock:
                server.open += 1
                server.max_open = max(server.max_open, server.open)
            with suppress(BrokenPipeError, ConnectionResetError):
                self._answer(body)
            with server.lock:
                server.open -= 1

        def _answer(self, body: dict[str, Any]) -> None:
            messages = {message["role"]: message["content"] for message in body["messages"]}
            request = ModelRequest(
                body, messages["system"], messages["user"], estimate_tokens(messages["system"] + messages["user"])
            )
            with server.lock:
                server.requests.append(request)
            problem = _refusal(self, request, server.context)
            time.sleep(server.latency)
            reply = problem or server.script(request)
            while reply.until is not None and not reply.until.wait(0.02) and not server.closing.is_set():
                pass
            if reply.raw is None and reply.status == 200 and body.get("stream"):
                self._stream(request, reply)
            else:
                self._send(reply, _completion(request, reply))

        def _send(self, reply: Reply, content: dict[str, Any] | None = None) -> None:
            data = reply.raw if reply.raw is not None else json.dumps(content, ensure_ascii=False).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if reply.cut else data)
            self.close_connection = self.close_connection or reply.cut

        def _stream(self, request: ModelRequest, reply: Reply) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            pieces = [reply.text[at : at + 5] for at in range(0, len(reply.text), 5)]
            if reply.cut:
                pieces = pieces[: len(pieces) // 2]
            deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": it} for it in pieces)]
            if reply.refusal:
                deltas.append({"refusal": reply.refusal})
            for delta in deltas:
                self._event({**_head(request), "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            if reply.cut:
                return
            while reply.drip and not server.closing.wait(0.01):
                self._event({**_head(request), "choices": [{"index": 0, "delta": {}, "finish_reason": None}]})
            if reply.endless:
                server.closing.wait()
            last = {"index": 0, "delta": {}, "finish_reason": reply.finish}
            self._event({**_head(request), "choices": [last]})
            if (request.body.get("stream_options") or {}).get("include_usage"):
                self._event({**_head(request), "choices": [], "usage": _usage(request, reply)})
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, content: dict[str, Any]) -> None:
            self.wfile.write(b"data: " + json.dumps(content, ensure_ascii=False).encode() + b"\n\n")
            self.wfile.flush()

    return Handler


def _refusal(handler: BaseHTTPRequestHandler, request: ModelRequest, context: int) -> Reply | None:
    """The checks of an endpoint before it calls a model."""
    if handler.path != "/v1/chat/completions":
        return fault(404, "no such path")
    if handler.headers["Authorization"] != f"Bearer {KEY}":
        return fault(401, f"Incorrect API key provided: {handler.headers['Authorization']}", "invalid_api_key")
    if request.body["model"] != MODEL:
        return fault(404, "The model does not exist", "model_not_found")
    requested_tokens = request.body.get("max_tokens") or request.body.get("max_completion_tokens") or 0
    if request.tokens + requested_tokens > context:
        asked_for = request.tokens + requested_tokens
        detail = f"This model's maximum context length is {context} tokens; you asked for {asked_for}."
        return fault(400, detail, "context_length_exceeded")
    return None


def _head(request: ModelRequest) -> dict[str, Any]:
    kind = "chat.completion.chunk" if request.body.get("stream") else "chat.completion"
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": request.body["model"]}


def _usage(request: ModelRequest, reply: Reply) -> dict[str, Any]:
    out = estimate_tokens(reply.text)
    true = {"prompt_tokens": request.tokens, "completion_tokens": out, "total_tokens": request.tokens + out}
    return true if reply.used is None else reply.used


def _completion(request: ModelRequest, reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    choices = [{"index": 0, "message": message, "finish_reason": reply.finish}]
    return {**_head(request), "choices": choices, "usage": _usage(request, reply)}
