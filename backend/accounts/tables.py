"""Users and the roles they have."""

from datetime import datetime
from enum import Enum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, new_id, utc_now


class Role(str, Enum):
    """Each role may do what those before it may."""

    USER = "user"  #: works with his or her own recordings
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
    password_hash: Mapped[str | None] = mapped_column(String(255))  #: argon2id; none where only Google signs in
    role: Mapped[str] = mapped_column(String(16), default=Role.USER.value)
    active: Mapped[bool] = mapped_column(default=True)  #: a disabled account cannot sign in, and its tokens are dead
    token_epoch: Mapped[int] = mapped_column(default=0)  #: raised to end every login at once
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, onupdate=utc_now)
