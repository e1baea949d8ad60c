"""Query parameters that several routes share, with the limits that every database has."""

from datetime import datetime, timezone
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, Field


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999 in UTC") from None


#: How many rows of a list are skipped.
Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]
#: A time with its zone, converted to UTC. In its own zone it may lie at the edge of the calendar, and in UTC past it.
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
#: Recordings with all of these tags.
TagFilter = Annotated[
    list[Annotated[str, Field(max_length=64)]] | None,
    Query(max_length=20, description="ids of tags; all must be there"),
]
#: Recordings of one folder.
FolderFilter = Annotated[
    str | None,
    Query(max_length=64, description="id of a folder: what is in it and in the folders inside it; empty: in no folder"),
]
