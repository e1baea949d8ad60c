"""A clock of the database that stands still until the test moves it on."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import utc_now


@dataclass
class FixedClock:
    now: datetime = field(default_factory=utc_now)

    async def __call__(self, _session: AsyncSession) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
