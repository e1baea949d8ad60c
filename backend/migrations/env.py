"""Alembic's entry point: it migrates on the given connection, in the transaction that is open on it."""

from alembic import context

import backend.accounts.tables
import backend.comments.tables
import backend.events.tables
import backend.housekeeping.tables
import backend.jobs.tables
import backend.library.tables
import backend.migrations.resume
import backend.minutes.tables
import backend.people.tables
import backend.recordings.tables
import backend.shares.tables
import backend.transcripts.tables  # noqa: F401
from backend.database import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
