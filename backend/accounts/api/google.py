"""The routes of Google sign-in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import identities, second_factor, service
from backend.accounts.access import Address, Configured, CurrentUser, Reading, Stored, Throttled, Writing, held
from backend.accounts.api.account import Token, sign_in
from backend.accounts.google import Google
from backend.database import utc_now

router = APIRouter(prefix="/api/auth/google", tags=["accounts"])


#: What believes Google, and nobody else.
Believing = Annotated[Google, Depends(held("google"))]


class Nonce(BaseModel):
    nonce: str = Field(description="hand it to Google's button; good once, for ten minutes")


class Credential(BaseModel):
    """What Google's button gives to the page: an ID token that holds the nonce."""

    model_config = ConfigDict(extra="forbid")

    credential: str = Field(max_length=8192)
    code: str | None = Field(default=None, max_length=64, description="where two-factor sign-in is on")


class Linked(BaseModel):
    emails: list[str]


@router.post("/nonce", summary="Begin a Google sign-in")
async def nonce(google: Believing, throttle: Throttled, address: Address) -> Nonce:
    throttle.count(("nonce", address))
    return Nonce(nonce=google.nonce())


@router.post("", summary="Sign in with Google")
async def sign_in_with_google(
    body: Credential,
    google: Believing,
    request: Request,
    response: Response,
    settings: Configured,
    database: Stored,
    throttle: Throttled,
    address: Address,
) -> Token:
    """Codes: google_refused, google_off, waits_for_approval, registration_off, second_factor_needed. An account is
    never found by its e-mail address: who has one with a password signs in with it and links it."""
    person = await google.verify(body.credential)
    user = await identities.sign_in(database, settings.registration, person)
    with throttle.attempt(service.throttle_key(user.username), address) as attempt:
        try:
            await second_factor.check(database, settings, user, body.code, utc_now())
        except second_factor.SecondFactorNeeded:
            attempt.none = True
            google.give_back(person)
            raise
        attempt.right = True
    return await sign_in(user, request, response, settings, database, how="google")


@router.get("/link", summary="The Google accounts that sign in as me")
async def linked(user: CurrentUser, session: Reading) -> Linked:
    return Linked(emails=await identities.linked_emails(session, user.id))


@router.post("/link", status_code=204, summary="Let a Google account sign in as me")
async def link(body: Credential, user: CurrentUser, google: Believing, database: Stored) -> None:
    person = await google.verify(body.credential)  # before the transaction begins: it may ask Google
    async with database.write() as session:
        await identities.link(session, user, person)


@router.delete("/link", status_code=204, summary="Let no Google account sign in as me any more")
async def unlink(user: CurrentUser, session: Writing) -> None:
    await identities.unlink(session, user)
