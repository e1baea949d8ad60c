"""uvicorn's server, which says where it serves once it does: uvicorn does not where it is given its sockets."""

import logging
import socket

import uvicorn

from backend.listen import url_of

logger = logging.getLogger(__name__)


class AnnouncingServer(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            logger.info("Serving. Stop with Ctrl+C", extra={"url": url_of(sockets[0])})
