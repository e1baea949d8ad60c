"""Endpoints of language models that want something else than most, or answer in another form: one for each path.

Each is what a real server does, reported by its users. `http://host/NAME/v1` is the endpoint NAME."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from backend.engines.language_model_protocol import estimate_tokens
from tests.language_server import ModelRequest, Reply, Script

#: An Ollama with its default context reads this many tokens and drops what comes before them.
WINDOW = 4096
#: The tokens some reasoning models think before they answer.
THOUGHTS = 3000
THOUGHT = '先想想{"summary":[]}该怎么写[1]。'


@dataclass(frozen=True, slots=True)
class OddReply:
    """What the endpoint sends; `text` makes a completion, or a stream of one where that was asked for."""

    text: str = ""
    status: int = 200
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    finish: str | None = "stop"
    thoughts: str = ""  #: sent as reasoning_content
    content: Any = None  #: sent instead of the text
    prompt_tokens: int | None = None
    done: bool = True  #: a stream ends with [DONE]
    comments: bool = False  #: a stream has comments between its events, an answer blank lines before it
    streamed: bool = False  #: a stream, whatever was asked for


Behaviour = Callable[[ModelRequest, "OddEndpoints", str], OddReply]


class OddEndpoints:
    """`requests` are those of each endpoint; `script` gives the texts that a good model would answer."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: dict[str, list[ModelRequest]] = {}
        self.lock = threading.Lock()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.http.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.http.server_address[1]}"

    def url(self, name: str) -> str:
        return f"{self.origin}/{name}/v1"

    def good_text(self, request: ModelRequest) -> str:
        return self.script(request).text


@contextmanager
def serve_odd_endpoints(script: Script) -> Iterator[OddEndpoints]:
    """All of them, while the block runs."""
    server = OddEndpoints(script)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()


def answer_test_or(script: Script) -> Script:
    """`script`, and the answer to the small question of a test."""

    def answer(request: ModelRequest) -> Reply:
        return Reply({"ok": True}) if '{"ok": true}' in request.prompt else script(request)

    return answer


def refuse(message: object, status: int = 400) -> OddReply:
    return OddReply(status=status, raw=json.dumps(message, ensure_ascii=False).encode())


def _good(request: ModelRequest, server: OddEndpoints, _name: str) -> OddReply:
    return OddReply(server.good_text(request))


def _unless(parameter: Callable[[dict[str, Any]], bool], refusal: OddReply) -> Behaviour:
    """Refuses requests with this parameter."""

    def behave(request: ModelRequest, server: OddEndpoints, name: str) -> OddReply:
        return refusal if parameter(request.body) else _good(request, server, name)

    return behave


def _always(reply: OddReply) -> Behaviour:
    return lambda _request, _server, _name: reply


def _with(**changes: Any) -> Behaviour:
    """A good answer, sent in another way."""
    return lambda request, server, _name: OddReply(server.good_text(request), **changes)


def _around(before: str, after: str = "") -> Behaviour:
    """A good answer with something around it."""
    return lambda request, server, _name: OddReply(f"{before}{server.good_text(request)}{after}")


def _length(body: Mapping[str, Any]) -> int:
    return int(next((body[name] for name in ("max_tokens", "max_completion_tokens") if name in body), 10**9))


def _thinks_within_limit(request: ModelRequest, server: OddEndpoints, _name: str) -> OddReply:
    if _length(request.body) < THOUGHTS:
        return OddReply("", finish="length", thoughts=THOUGHT * 20)
    return OddReply(server.good_text(request), thoughts=THOUGHT)


def _thinks_in_secret(request: ModelRequest, server: OddEndpoints, name: str) -> OddReply:
    return OddReply("", finish="length") if _length(request.body) < THOUGHTS else _good(request, server, name)


def _busy_at_first(request: ModelRequest, server: OddEndpoints, name: str) -> OddReply:
    early = len(server.requests[name]) <= 2
    return refuse({"error": {"message": "slow down"}}, 429) if early else _good(request, server, name)


def _cuts_prompts(request: ModelRequest, server: OddEndpoints, _name: str) -> OddReply:
    """Only the end of a long prompt is read, and nothing says so but the count."""
    if request.tokens <= WINDOW:
        return OddReply(server.good_text(request), prompt_tokens=max(int(request.tokens * 0.7), 1))
    seen = ModelRequest(request.body, request.system, request.prompt[-2000:], WINDOW)
    return OddReply(server.good_text(seen), prompt_tokens=WINDOW)


def _small_context(request: ModelRequest, server: OddEndpoints, name: str) -> OddReply:
    asked = request.tokens + _length(request.body)
    words = f"This model's maximum context length is {WINDOW} tokens. However, you requested {asked} tokens."
    if asked <= WINDOW:
        return _good(request, server, name)
    return refuse({"object": "error", "message": words, "type": "BadRequestError", "param": None, "code": 400})


_PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}]
_EXTRA = "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted'}]"
_THINKING = "parameter.enable_thinking must be set to false for non-streaming calls"
_ALWAYS_THINKS = "The value of the enable_thinking parameter is restricted to True."


def _always_thinks(request: ModelRequest, server: OddEndpoints, _name: str) -> OddReply:
    if request.body.get("enable_thinking") is False:
        return refuse({"error": {"message": _ALWAYS_THINKS}})
    if not request.body.get("stream"):
        return refuse({"error": {"message": _THINKING}})
    return OddReply(server.good_text(request), thoughts=THOUGHT)


def _list_content(request: ModelRequest, server: OddEndpoints, _name: str) -> OddReply:
    return OddReply(content=[*_PARTS, {"type": "text", "text": server.good_text(request)}])


def _limited_answers(request: ModelRequest, server: OddEndpoints, name: str) -> OddReply:
    if _length(request.body) > 1024:
        return refuse({"error": {"message": "Invalid max_tokens value, the valid range of max_tokens is [1, 1024]"}})
    return _good(request, server, name)


def _has(*names: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: any(name in body for name in names)


def _role(*roles: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: any(message["role"] in roles for message in body["messages"])


def _format(*kinds: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: (body.get("response_format") or {}).get("type") in kinds


#: Endpoints that can be used once it is known what they want.
USABLE: dict[str, Behaviour] = {
    "plain": _good,
    "thinks-in-tags": _around(f"<think>{THOUGHT}</think>\n\n"),
    "thinks-in-brackets": _around(f"[THINK]{THOUGHT}[/THINK]"),
    "thinks-in-channels": _around(
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>"
    ),
    "thinks-within-limit": _thinks_within_limit,
    "thinks-in-secret": _thinks_in_secret,
    "thinking-not-unstreamed": _unless(
        lambda body: not body.get("stream") and body.get("enable_thinking") is not False,
        refuse({"error": {"code": "invalid_parameter_error", "message": _THINKING}, "request_id": "x"}),
    ),
    "always-thinks": _always_thinks,
    "stream-only": _unless(
        lambda body: not body.get("stream"),
        refuse({"error": {"message": "This model only support stream mode, please enable the stream parameter."}}),
    ),
    "no-system-role": _unless(
        _role("system"), refuse({"object": "error", "message": "System role not supported", "code": 400})
    ),
    "alternating-roles": _unless(
        _role("system"), refuse({"detail": "Conversation roles must alternate user/assistant/user/assistant/..."})
    ),
    "json-schema": _unless(
        _format("json_object"), refuse({"error": "'response_format.type' must be 'json_schema' or 'text'"})
    ),
    "no-json-format": _unless(
        _has("response_format"), refuse({"detail": [{"loc": ["body", "response_format"], "msg": "not permitted"}]}, 422)
    ),
    "other-length-name": _unless(
        _has("max_tokens"),
        refuse({"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}}),
    ),
    "limited-answers": _limited_answers,
    "one-temperature": _unless(
        lambda body: body.get("temperature", 1) != 1,
        refuse({"error": {"message": "invalid temperature: only 1 is allowed for this model"}}),
    ),
    "no-stream-options": _unless(
        _has("stream_options"), refuse({"object": "error", "message": _EXTRA, "type": "BadRequestError", "code": 400})
    ),
    "refuses-with-status-500": _unless(
        _has("temperature"), refuse({"error": {"message": "litellm.BadRequestError: temperature not supported"}}, 500)
    ),
    "refuses-with-status-200": _unless(
        _has("response_format"), refuse({"error": {"message": "response_format is not supported", "code": 400}}, 200)
    ),
    "busy-at-first": _busy_at_first,
    "no-done": _with(done=False),
    "no-finish": _with(finish=None),
    "odd-finish": _with(finish="eos_token"),
    "keeps-alive": _with(comments=True),
    "always-streams": _with(streamed=True),
    "list-content": _list_content,
    "code-fence": _around("```json\n", "\n```"),
    "answer-tags": _around(f"<think>{THOUGHT}</think><answer>", "</answer>"),
    "byte-order-mark": lambda request, server, _name: OddReply(
        raw=b"\xef\xbb\xbf" + json.dumps(_completion(OddReply(server.good_text(request)))).encode()
    ),
    "cuts-prompts": _cuts_prompts,
    "small-context": _small_context,
}

#: Endpoints that cannot be used: the code that says why, and a part of the endpoint's own reason.
UNUSABLE: dict[str, tuple[Behaviour, str, str]] = {
    "no-balance": (_always(refuse({"error": {"message": "Insufficient Balance"}}, 402)), "balance", "Insufficient"),
    "no-quota": (
        _always(refuse({"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}, 429)),
        "balance",
        "exceeded",
    ),
    "in-arrears": (_always(refuse({"error": {"code": "1113", "message": "您的账户已欠费"}}, 429)), "balance", "欠费"),
    "error-with-status-200": (
        _always(refuse({"error": {"message": "当前分组上游负载已饱和，请稍后再试", "code": 503}}, 200)),
        "busy",
        "饱和",
    ),
    "web-page": (
        _always(OddReply(raw=b"<!doctype html><title>New API</title>", headers={"Content-Type": "text/html"})),
        "web_page",
        "New API",
    ),
    "no-such-path": (
        _always(OddReply(raw=b"<html><title>404</title></html>", status=404)),
        "web_page",
        "404",
    ),
    "no-choices": (_always(refuse({"object": "chat.completion", "choices": None}, 200)), "bad_answer", ""),
    "empty-choices": (_always(refuse({"object": "chat.completion", "choices": []}, 200)), "bad_answer", ""),
    "no-model": (_always(refuse({"error": "model 'qwen' not found, try pulling it first"}, 404)), "unknown", "pulling"),
    "wrong-key": (_always(refuse({"error": {"message": "Invalid API-key provided."}}, 401)), "key", "Invalid"),
    "thinks-for-ever": (_always(OddReply("", finish="length", thoughts=THOUGHT)), "truncated", ""),
}


def _behaviour(name: str) -> Behaviour | None:
    return USABLE[name] if name in USABLE else UNUSABLE[name][0] if name in UNUSABLE else None


def _handler_of(server: OddEndpoints) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = self.path.split("/")[1]
            behaviour = _behaviour(name)
            texts = [str(message["content"]) for message in body["messages"]]
            # Without a system role its text is a part of the only message.
            request = ModelRequest(body, texts[0], "\n".join(texts[-1:]), estimate_tokens("".join(texts)))
            with server.lock:
                server.requests.setdefault(name, []).append(request)
            if behaviour is None or self.path != f"/{name}/v1/chat/completions":
                reply = OddReply(status=404, raw=b"{}")
            else:
                reply = behaviour(request, server, name)
            with suppress(BrokenPipeError, ConnectionResetError):
                self._send(reply, stream=bool(body.get("stream")) or reply.streamed)

        def _send(self, reply: OddReply, *, stream: bool) -> None:
            if stream and reply.raw is None:
                data, kind = b"".join(_events(reply)), "text/event-stream"
            else:
                data, kind = (
                    reply.raw or json.dumps(_completion(reply), ensure_ascii=False).encode(),
                    "application/json",
                )
                data = b"\n\n\n" * reply.comments + data
            self.send_response(reply.status)
            for header, value in {"Content-Type": kind, **reply.headers}.items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


def _completion(reply: OddReply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text if reply.content is None else reply.content}
    if reply.thoughts:
        message["reasoning_content"] = reply.thoughts
    choices = [{"index": 0, "message": message, "finish_reason": reply.finish}]
    usage = {} if reply.prompt_tokens is None else {"prompt_tokens": reply.prompt_tokens, "completion_tokens": 20}
    return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}


def _events(reply: OddReply) -> Iterator[bytes]:
    def event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        chunk = {"id": "x", "object": "chat.completion.chunk", "choices": choices, **more}
        return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"

    if reply.comments:
        yield b": PROCESSING\n\n: keep-alive\n\n"
    for at in range(0, len(reply.thoughts), 7):
        yield event({"reasoning_content": reply.thoughts[at : at + 7]})
    if reply.content is not None:
        yield event({"content": reply.content})
    for at in range(0, len(reply.text), 5):
        yield event({"content": reply.text[at : at + 5]})
    if reply.finish is not None:
        yield event({}, reply.finish)
    if reply.prompt_tokens is not None:
        usage = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": 20}
        yield b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\n"
    if reply.done:
        yield b"data: [DONE]\n\n"
