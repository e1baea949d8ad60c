"""Backs up an installation, restores it, and makes a folder in `done` after each; test_syncs traces it with strace."""

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
from tests.faults.durable_operations import BYTES


async def make_installation(installation: Path) -> str:
    """An installation with one recording; answers the URL of its database."""
    url = f"sqlite:///{installation}/server.db"
    await asyncio.to_thread(migrations.upgrade, url)
    storage = Storage(installation / "uploads")
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
    installation = root.parent / "installation"  # outside of the traced folder
    installation.mkdir()
    url = await make_installation(installation)
    backup_path = root / "given" / "far" / "off" / "kept"
    await backup(url, installation / "uploads", backup_path)
    (root / "done" / "a backup is made").mkdir()
    await restore(backup_path, f"sqlite:///{root}/given/server.db", root / "a" / "new" / "place")
    (root / "done" / "a backup is restored").mkdir()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
