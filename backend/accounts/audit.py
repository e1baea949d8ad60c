"""The append-only audit log. An entry is written in the transaction of the action it describes."""

from contextvars import ContextVar
from enum import Enum
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper, ORMExecuteState, Session

from backend.accounts.tables import AuditEntry, User
from backend.database import Database

#: The client address of the current request; set by a middleware.
address: ContextVar[str | None] = ContextVar("address", default=None)
#: Id and name of the signed-in user; set when the request is authenticated.
actor: ContextVar[tuple[str, str] | None] = ContextVar("actor", default=None)


class Action(str, Enum):
    """The actions in the log. The values are stored and searched for, so they never change."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    LOGINS_ENDED = "logins_ended"
    REFRESH_REUSED = "refresh_reused"  #: a used refresh token came back: it, or its successor, was stolen
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (a name, no password)
    PASSWORD_RESET = "password_reset"  # noqa: S105
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    REGISTERED = "registered"
    APPROVED = "approved"
    REJECTED = "rejected"
    AUDIT_EXPORTED = "audit_exported"
    USER_CREATED = "user_created"
    USER_CHANGED = "user_changed"
    USER_DELETED = "user_deleted"
    RECORDING_TRASHED = "recording_trashed"
    RECORDING_RESTORED = "recording_restored"
    RECORDING_DELETED = "recording_deleted"
    ORIGINAL_REMOVED = "original_removed"
    AUDIO_REMOVED = "audio_removed"
    RETENTION_SET = "retention_set"
    RETENTION_APPLIED = "retention_applied"
    STORAGE_CLEANED = "storage_cleaned"
    JOB_DELETED = "job_deleted"
    JOB_CANCELLED = "job_cancelled"  #: another user's job, by an admin
    JOB_RETRIED = "job_retried"
    JOB_MOVED_TO_FRONT = "job_moved"  #: to the front of the queue
    LIMITS_CHANGED = "limits_changed"
    ENGINE_UNLOADED = "engine_unloaded"
    ENGINE_RESTARTED = "engine_restarted"
    EXPORTED = "exported"
    SHARE_CREATED = "share_created"
    SHARE_REVOKED = "share_revoked"
    SHARE_OPENED = "share_opened"  #: by somebody with the right code
    SHARE_REFUSED = "share_refused"
    ENDPOINT_SAVED = "endpoint_saved"
    ENDPOINT_DELETED = "endpoint_deleted"
    LANGUAGE_MODEL_CHOSEN = "language_model_chosen"
    CHANNEL_SAVED = "channel_saved"
    CHANNEL_DELETED = "channel_deleted"
    TEMPLATE_SAVED = "template_saved"  #: a template shared with everybody
    TEMPLATE_DELETED = "template_deleted"
    CONSENT_NOTED = "consent_noted"  #: a person's, that samples of their voice are kept
    CONSENT_WITHDRAWN = "consent_withdrawn"
    PERSON_DELETED = "person_deleted"


def note(
    session: AsyncSession, action: Action, *, subject: str | None = None, by: User | None = None, **facts: Any
) -> None:
    """Add an entry. `by` is the user of a sign-in; by default it is the signed-in user."""
    actor_facts = (by.id, by.username) if by else actor.get()
    session.add(
        AuditEntry(
            action=action.value,
            actor_id=actor_facts[0] if actor_facts else None,
            actor_name=actor_facts[1] if actor_facts else None,
            subject_id=subject,
            address=address.get(),
            facts=facts,
        )
    )


async def note_in_own_transaction(
    database: Database, action: Action, *, subject: str | None = None, **facts: Any
) -> None:
    """Add an entry for an action that writes nothing else to the database, such as an export."""
    async with database.write() as session:
        note(session, action, subject=subject, **facts)


@event.listens_for(AuditEntry, "before_update")
@event.listens_for(AuditEntry, "before_delete")
def _refuse_change(_mapper: Mapper[AuditEntry], _connection: Connection, _entry: AuditEntry) -> None:
    raise TypeError("the audit log is append-only")


@event.listens_for(Session, "do_orm_execute")
def _refuse_bulk_change(state: ORMExecuteState) -> None:
    mapper = state.bind_mapper
    if (state.is_update or state.is_delete) and mapper is not None and mapper.class_ is AuditEntry:
        raise TypeError("the audit log is append-only")
