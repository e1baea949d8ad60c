"""A language model's server for tests: real sockets, OpenAI's protocol, answers from a script of the test."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from backend.engines.language import tokens_of

KEY = "sk-a-key-that-nobody-may-see"
MODEL = "a-model"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as the server read it."""

    body: dict[str, Any]
    system: str
    prompt: str
    tokens: int  #: of system and prompt together


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `content` that is no text is sent as JSON."""

    content: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    finish: str = "stop"
    refusal: str | None = None
    used: dict[str, Any] | None = None  #: instead of the true counts
    raw: bytes | None = None  #: sent as it is instead of a completion
    cut: bool = False  #: the line goes dead half-way
    endless: bool = False  #: a stream that says it all and then nothing more, for ever
    drips: bool = False  #: the same, but it never falls silent
    until: threading.Event | None = None  #: says nothing before this is set

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else json.dumps(self.content, ensure_ascii=False)


Script = Callable[[Asked], Reply]


def fault(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
    """An error with the body that OpenAI gives it."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return Reply(status=status, raw=json.dumps(body).encode(), headers=headers)


class LanguageServer:
    """`url` is its address; `asked` holds every request; it answers as `script` says, one reply a call."""

    def __init__(self, script: Script, *, context: int = 8192, latency: float = 0.0) -> None:
        self.script = script
        self.context = context
        self.latency = latency
        self.asked: list[Asked] = []
        self.open = 0
        self.most_open = 0
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


def one_after_another(*replies: Reply) -> Script:
    """Each reply once, in order; the last for ever."""
    left = list(replies)
    lock = threading.Lock()

    def script(_asked: Asked) -> Reply:
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
                server.most_open = max(server.most_open, server.open)
            with suppress(BrokenPipeError, ConnectionResetError):
                self._answer(body)
            with server.lock:
                server.open -= 1

        def _answer(self, body: dict[str, Any]) -> None:
            said = {message["role"]: message["content"] for message in body["messages"]}
            asked = Asked(body, said["system"], said["user"], tokens_of(said["system"] + said["user"]))
            with server.lock:
                server.asked.append(asked)
            wrong = _refusal(self, asked, server.context)
            time.sleep(server.latency)
            reply = wrong or server.script(asked)
            while reply.until is not None and not reply.until.wait(0.02) and not server.closing.is_set():
                pass
            if reply.raw is None and reply.status == 200 and body.get("stream"):
                self._stream(asked, reply)
            else:
                self._send(reply, _completion(asked, reply))

        def _send(self, reply: Reply, content: dict[str, Any] | None = None) -> None:
            data = reply.raw if reply.raw is not None else json.dumps(content, ensure_ascii=False).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if reply.cut else data)
            self.close_connection = self.close_connection or reply.cut

        def _stream(self, asked: Asked, reply: Reply) -> None:
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
                self._event({**_head(asked), "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            if reply.cut:
                return
            while reply.drips and not server.closing.wait(0.01):
                self._event({**_head(asked), "choices": [{"index": 0, "delta": {}, "finish_reason": None}]})
            if reply.endless:
                server.closing.wait()
            last = {"index": 0, "delta": {}, "finish_reason": reply.finish}
            self._event({**_head(asked), "choices": [last]})
            if (asked.body.get("stream_options") or {}).get("include_usage"):
                self._event({**_head(asked), "choices": [], "usage": _usage(asked, reply)})
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, content: dict[str, Any]) -> None:
            self.wfile.write(b"data: " + json.dumps(content, ensure_ascii=False).encode() + b"\n\n")
            self.wfile.flush()

    return Handler


def _refusal(handler: BaseHTTPRequestHandler, asked: Asked, context: int) -> Reply | None:
    """What every endpoint checks before a model is asked."""
    if handler.path != "/v1/chat/completions":
        return fault(404, "no such path")
    if handler.headers["Authorization"] != f"Bearer {KEY}":
        return fault(401, f"Incorrect API key provided: {handler.headers['Authorization']}", "invalid_api_key")
    if asked.body["model"] != MODEL:
        return fault(404, "The model does not exist", "model_not_found")
    wanted = asked.body.get("max_tokens") or asked.body.get("max_completion_tokens") or 0
    if asked.tokens + wanted > context:
        told = f"This model's maximum context length is {context} tokens; you asked for {asked.tokens + wanted}."
        return fault(400, told, "context_length_exceeded")
    return None


def _head(asked: Asked) -> dict[str, Any]:
    kind = "chat.completion.chunk" if asked.body.get("stream") else "chat.completion"
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": asked.body["model"]}


def _usage(asked: Asked, reply: Reply) -> dict[str, Any]:
    out = tokens_of(reply.text)
    true = {"prompt_tokens": asked.tokens, "completion_tokens": out, "total_tokens": asked.tokens + out}
    return true if reply.used is None else reply.used


def _completion(asked: Asked, reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    choices = [{"index": 0, "message": message, "finish_reason": reply.finish}]
    return {**_head(asked), "choices": choices, "usage": _usage(asked, reply)}
