"""Users with their roles, logins, API keys, second factors and Google accounts; and the audit log."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import DDL, JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import NOT_BACKED_UP, Base, UtcDateTime, new_id, utc_now


class Role(str, Enum):
    """Each role may do everything that the roles before it may."""

    USER = "user"  #: works with their own recordings
    ADMIN = "admin"  #: runs the service
    SUPER_ADMIN = "super_admin"  #: also appoints admins

    @property
    def rank(self) -> int:
        return list(Role).index(self)


class User(Base):
    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(64))  #: as typed, for people
    username_key: Mapped[str] = mapped_column(String(128), unique=True)  #: NFKC and case folded, for looking up
    password_hash: Mapped[str | None] = mapped_column(
        String(255)
    )  #: argon2id; none for a user who signs in with Google only
    role: Mapped[str] = mapped_column(String(16), default=Role.USER.value)
    active: Mapped[bool] = mapped_column(default=True)  #: a disabled account cannot sign in, and its tokens are invalid
    pending: Mapped[bool] = mapped_column(
        default=False
    )  #: registered and not yet approved; such an account is not active
    token_epoch: Mapped[int] = mapped_column(default=0)  #: increased to end every login at once
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, onupdate=utc_now)
    max_minutes_a_month: Mapped[float | None]  #: of audio; none: as in the settings
    max_bytes: Mapped[int | None] = mapped_column(BigInteger)  #: of stored originals; likewise
    max_queued: Mapped[int | None]  #: jobs waiting at once; likewise
    time_zone: Mapped[str | None] = mapped_column(String(64))  #: a name of the IANA database; none: not chosen, so UTC


class Login(Base):
    """One signed-in device. Its refresh token changes with every renewal, and only the newest is valid."""

    __tablename__ = "logins"
    __table_args__ = (Index(None, "user_id", "ended_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(String(64))  #: sha256 of the newest refresh token's secret
    spent_hash: Mapped[str | None] = mapped_column(String(64))  #: of the one before it
    device: Mapped[str] = mapped_column(String(200))  #: the User-Agent header
    address: Mapped[str] = mapped_column(String(64))  #: the client address when it was last renewed
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)  #: when it was last renewed
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)  #: renewing does not extend it
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiKey(Base):
    """A key with which a program signs in as its user, limited to its scopes."""

    __tablename__ = "api_keys"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))  #: chosen by its owner
    start: Mapped[str] = mapped_column(String(16))  #: its first characters, shown to its owner
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)  #: sha256; the key itself is shown once
    scopes: Mapped[list[str]] = mapped_column(JSON)  #: see `backend.accounts.keys.Scope`
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: to the minute
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SecondFactor(Base):
    """The authenticator of one user. It is required once it was confirmed."""

    __tablename__ = "second_factors"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(255))  #: encrypted with a key derived from SECRET_KEY
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(
        default=0
    )  #: half minutes since 1970 of the last code, so that no code is accepted twice
    recovery_hashes: Mapped[list[str]] = mapped_column(JSON, default=list)  #: sha256 of the unused ones


class Identity(Base):
    """A linked Google account, identified by issuer and subject, never by e-mail address."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"), Index(None, "user_id"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    issuer: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(191))
    email: Mapped[str] = mapped_column(String(255))  #: only for display
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Ticket(Base):
    """An unused ticket. Its use deletes it."""

    __tablename__ = "tickets"
    __table_args__ = (Index(None, "user_id", "expires_at"), Index(None, "expires_at"), NOT_BACKED_UP)

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)  #: sha256; the ticket itself is shown once
    purpose: Mapped[str] = mapped_column(String(16))  #: see `backend.accounts.tickets.Purpose`
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    epoch: Mapped[int]  #: the user's `token_epoch` at the time
    login_id: Mapped[str | None] = mapped_column(String(32))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)  #: by the clock of the database


class UsedNonce(Base):
    """A nonce of a sign-in with Google that was used, until it would have expired anyway."""

    __tablename__ = "used_nonces"
    __table_args__ = (Index(None, "expires_at"), NOT_BACKED_UP)

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)  #: sha256
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)  #: by the clock of the database


class AttemptCount(Base):
    """How often something was tried of late, and when the next attempt is allowed."""

    __tablename__ = "attempt_counts"
    __table_args__ = (Index(None, "last_at"), NOT_BACKED_UP)

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)  #: what is counted: see `backend.accounts.throttle`
    key: Mapped[str] = mapped_column(String(64), primary_key=True)  #: sha256 of whose it is
    attempts: Mapped[int]
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: by the clock of the database, as `last_at`
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """Who did what to what, from where. Rows are never changed, and stay when the user or thing is deleted."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"), Index(None, "actor_id", "at"), Index(None, "action", "at"))

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    action: Mapped[str] = mapped_column(String(48))  #: such as signed_in; see `backend.accounts.audit.Action`
    actor_id: Mapped[str | None] = mapped_column(String(32))  #: none where nobody was signed in
    actor_name: Mapped[str | None] = mapped_column(String(64))  #: at the time
    subject_id: Mapped[str | None] = mapped_column(String(64))  #: the user, recording, job … that was affected
    address: Mapped[str | None] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  #: never a secret and never text of a transcript


# SQLite also refuses changes itself, because a trigger needs no special rights there; `backend.accounts.audit` refuses
# them for every database.
for _statement in ("UPDATE", "DELETE"):
    event.listen(
        AuditEntry.__table__,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER audit_no_{_statement.lower()} BEFORE {_statement} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        ).execute_if(dialect="sqlite"),
    )
