"""Keeps a house and restores it elsewhere, and says so after each: strace listens (test_syncs)."""

import asyncio
import hashlib
import sys
from pathlib import Path

from backend import migrations
from backend.accounts.tables import User
from backend.database import connect
from backend.housekeeping.backup import backup
from backend.housekeeping.restore import restore
from backend.recordings.files import Storage
from backend.recordings.tables import Recording
from tests.faults.acts import BYTES


async def furnish(house: Path) -> str:
    """One recording of one user; answers the address of its database."""
    url = f"sqlite:///{house}/house.db"
    await asyncio.to_thread(migrations.upgrade, url)
    storage = Storage(house / "uploads")
    await storage.write_durably(storage.original_named("heard", "wav"), BYTES)
    digest = hashlib.sha256(BYTES).hexdigest()
    database = connect(url)
    async with database.write() as session:
        session.add(User(id="ada", username="ada", username_key="ada"))
        await session.flush()
        session.add(
            Recording(id="heard", owner_id="ada", name="周会.wav", extension="wav", size=len(BYTES), sha256=digest)
        )
    await database.close()
    return url


async def main(root: Path) -> None:
    house = root.parent / "house"  # a house that lasts: nobody watches it
    house.mkdir()
    url = await furnish(house)
    kept = root / "given" / "far" / "off" / "kept"
    await backup(url, house / "uploads", kept)
    (root / "done" / "a house is kept").mkdir()
    await restore(kept, f"sqlite:///{root}/given/house.db", root / "a" / "new" / "place")
    (root / "done" / "a house is restored").mkdir()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
