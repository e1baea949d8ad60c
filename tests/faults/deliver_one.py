"""A server's sender in a process of its own: `python -m tests.faults.deliver_one URL`. CRASH_AT kills it."""

import asyncio
import sys

from backend.database import connect
from backend.delivery.sender import Sender
from backend.settings import Settings


async def main(url: str) -> None:
    """Deliver what there is, then end."""
    settings = Settings(
        _env_file=None,
        secret_key="a key for tests, and long enough for them",
        database_url=url,
        delivery_private_hosts=("127.0.0.1",),
    )
    database = connect(url)
    sender = Sender(database, settings)
    await sender.look()
    await asyncio.gather(*sender._running.values())
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
