"""Routes that need no login: sign-in options and self-registration."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import registration
from backend.accounts.dependencies import DatabaseDep, PasswordsDep, RemoteAddress, SettingsDep, ThrottleDep
from backend.settings import Registration

router = APIRouter(prefix="/api/auth", tags=["accounts"])


class RegistrationRequest(BaseModel):
    """The role cannot be chosen."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(max_length=256)
    password: str = Field(max_length=1024)


class RegistrationResponse(BaseModel):
    """The same for every name. `approval`: wait until an admin has decided; `open`: you can sign in now."""

    registration: Registration


class SignInOptions(BaseModel):
    """What the sign-in page offers."""

    registration: Registration
    google_client_id: str | None  #: for Google's button; null if it is not set up


@router.get("/options", summary="Which ways to sign in or register this server offers")
async def sign_in_options(settings: SettingsDep) -> SignInOptions:
    return SignInOptions(registration=settings.registration, google_client_id=next(iter(settings.google_clients), None))


@router.post("/register", status_code=202, summary="Register an account")
async def register(
    body: RegistrationRequest,
    settings: SettingsDep,
    database: DatabaseDep,
    passwords: PasswordsDep,
    throttle: ThrottleDep,
    address: RemoteAddress,
) -> RegistrationResponse:
    """The response is the same whether the name is free or taken, so it reveals no accounts."""
    await throttle.count(("registration", address))
    await registration.register(database, passwords, settings.registration, body.username, body.password)
    return RegistrationResponse(registration=settings.registration)
