"""Routes for signing in with Google."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import device_cookie, identities, second_factor, service
from backend.accounts.api.account import Token, sign_in
from backend.accounts.dependencies import (
    CurrentUser,
    DatabaseDep,
    ReadSession,
    RemoteAddress,
    SettingsDep,
    ThrottleDep,
    WriteSession,
    clock_of,
    from_app_state,
)
from backend.accounts.google import GoogleSignIn
from backend.database import utc_now

router = APIRouter(prefix="/api/auth/google", tags=["accounts"])


GoogleDep = Annotated[GoogleSignIn, Depends(from_app_state("google"))]


class Nonce(BaseModel):
    nonce: str = Field(description="for Google's button; valid once, for ten minutes")


class Credential(BaseModel):
    """The ID token from Google's button; it contains the nonce."""

    model_config = ConfigDict(extra="forbid")

    credential: str = Field(max_length=8192)
    code: str | None = Field(default=None, max_length=64, description="required with two-factor sign-in")


class LinkedAccounts(BaseModel):
    emails: list[str]


@router.post("/nonce", summary="Create a nonce for a Google sign-in")
async def nonce(google: GoogleDep, throttle: ThrottleDep, address: RemoteAddress) -> Nonce:
    await throttle.count(("nonce", address))
    return Nonce(nonce=await google.nonce())


@router.post("", summary="Sign in with Google")
async def sign_in_with_google(
    body: Credential,
    google: GoogleDep,
    request: Request,
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
    throttle: ThrottleDep,
    address: RemoteAddress,
) -> Token:
    """Error codes: google_refused, google_off, waits_for_approval, registration_off, second_factor_needed. Accounts are
    never matched by e-mail address: to use Google with an existing account, sign in and link it first."""
    identity = await google.verify(body.credential)
    user = await identities.sign_in(database, settings.registration, identity)
    account = service.throttle_key(user.username)
    device = device_cookie.find_device(request, settings, account, utc_now())
    async with throttle.attempt(account, address, device) as attempt:
        try:
            await second_factor.check(database, settings, user, body.code, clock_of(request).now())
        except second_factor.SecondFactorNeeded:
            attempt.uncounted = True
            await google.restore_nonce(identity)
            raise
        attempt.succeeded = True
    return await sign_in(user, request, response, settings, database, how="google")


@router.get("/link", summary="The Google accounts linked to my account")
async def linked_accounts(user: CurrentUser, session: ReadSession) -> LinkedAccounts:
    return LinkedAccounts(emails=await identities.linked_emails(session, user.id))


@router.post("/link", status_code=204, summary="Link a Google account to my account")
async def link(body: Credential, user: CurrentUser, google: GoogleDep, database: DatabaseDep) -> None:
    identity = await google.verify(body.credential)  # before the transaction begins: it may send a request to Google
    async with database.write() as session:
        await identities.link(session, user, identity)


@router.delete("/link", status_code=204, summary="Unlink all Google accounts from my account")
async def unlink(user: CurrentUser, session: WriteSession) -> None:
    await identities.unlink(session, user)
