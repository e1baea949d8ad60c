"""Lets a client read the answer to a request whose body was refused.

Closing a socket that holds unread bytes resets the connection, and the reset can overtake the answer: browsers then
show a broken connection, and nginx answers 502. RFC 9112, section 9.6: close the writing side first and go on reading.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class LingeringCloseProtocol(H11Protocol):
    """uvicorn's protocol, which discards the rest of a refused body for a while before it closes the connection."""

    linger_seconds = 5.0
    linger_bytes = 16 << 20  #: a client that has not read its answer by then never does
    _discarded = 0
    _linger_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.transport: Any = _LingeringTransport(transport, self)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self.transport = self.transport.transport
        super().handle_websocket_upgrade(event)

    def data_received(self, data: bytes) -> None:
        if not self.lingers:
            super().data_received(data)
            return
        self._discarded += len(data)
        if self._discarded > self.linger_bytes:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._linger_timer is not None:
            self._linger_timer.cancel()
        super().connection_lost(exc)

    @property
    def lingers(self) -> bool:
        return self._linger_timer is not None

    def close(self, transport: asyncio.Transport) -> None:
        """Close at once, or after lingering where the body of a request is still on its way."""
        if self.lingers or self.conn.their_state is not h11.SEND_BODY or transport.is_closing():
            transport.close()
            return
        transport.write_eof()
        transport.resume_reading()
        self._linger_timer = self.loop.call_later(self.linger_seconds, transport.close)


class _LingeringTransport:
    """A transport whose `close` asks the protocol."""

    def __init__(self, transport: asyncio.Transport, protocol: LingeringCloseProtocol) -> None:
        self.transport = transport
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def close(self) -> None:
        self._protocol.close(self.transport)

    def is_closing(self) -> bool:
        return self._protocol.lingers or self.transport.is_closing()
