"""Before anybody is signed in: what this server lets strangers do, and asking it for an account."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import registration
from backend.accounts.access import Address, Configured, Hashing, Stored, Throttled
from backend.settings import Registration

router = APIRouter(prefix="/api/auth", tags=["accounts"])


class Wish(BaseModel):
    """A role is not among what can be wished for."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(max_length=256)
    password: str = Field(max_length=1024)


class Received(BaseModel):
    """The same for every name. `approval`: wait until an admin has decided; `open`: sign in now."""

    registration: Registration


class Ways(BaseModel):
    """What the page for signing in has to show."""

    registration: Registration
    google_client_id: str | None  #: for Google's button; null where it is not set up


@router.get("/options", summary="How one gets in here")
async def ways_in(settings: Configured) -> Ways:
    return Ways(registration=settings.registration, google_client_id=next(iter(settings.google_clients), None))


@router.post("/register", status_code=202, summary="Ask for an account")
async def register(
    wish: Wish, settings: Configured, database: Stored, passwords: Hashing, throttle: Throttled, address: Address
) -> Received:
    """Says nothing about who is here: a name that is taken is answered like one that is free."""
    throttle.count(("registration", address))
    await registration.register(database, passwords, settings.registration, wish.username, wish.password)
    return Received(registration=settings.registration)
