"""Closes connections whose request line and headers do not arrive in time.

uvicorn has a limit for idle connections only: a client that sends one byte of a header a minute, or nothing at all,
would hold its connection for ever. Bodies have limits of their own (`backend.middleware`, `backend.recordings`)."""

import asyncio
from typing import Any

import h11

from backend.lingering_close import LingeringCloseProtocol


class HeadTimeoutProtocol(LingeringCloseProtocol):
    """uvicorn's protocol with a deadline for the head of each request, from the opening of the connection or from the
    first byte of a later request."""

    head_seconds = 30.0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:  # a whole head has arrived
            self._stop_head_timer()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self._close_late)

    def _close_late(self) -> None:
        self._head_timer = None
        # After a response the state is idle again; only uvicorn's own limit holds until more of a head arrives.
        if self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None:
            self.transport.close()

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
