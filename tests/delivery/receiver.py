"""A receiver of messages for tests: real sockets, and answers from a script of the test."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: dict[str, str]  #: names in small letters
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    until: threading.Event | None = None  #: sends nothing before this is set
    endless: bool = False  #: goes on sending its body until the caller hangs up

    @classmethod
    def of(cls, content: object) -> "Reply":
        return cls(body=json.dumps(content, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


Script = Callable[[Received], Reply]


class Receiver:
    """`url` is its address, `received` holds every request."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.received: list[Received] = []
        self.hung_up = threading.Event()  #: set when a caller has left an endless answer
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.http.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/hook"


@contextmanager
def serve_receiver(script: Script = lambda _: Reply()) -> Iterator[Receiver]:
    receiver = Receiver(script)
    thread = threading.Thread(target=receiver.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.http.shutdown()
        receiver.http.server_close()
        thread.join()


def _handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            received = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.received.append(received)
            reply = receiver.script(received)
            if reply.until is not None:
                reply.until.wait(60)
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.endless:
                    self.end_headers()
                    while True:
                        self.wfile.write(reply.body)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except OSError:
                receiver.hung_up.set()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
