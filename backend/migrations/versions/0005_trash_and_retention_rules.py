"""The trash, removed media of recordings, and rules of retention."""

import sqlalchemy as sa
from alembic import op

from backend.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = ("trashed_at", "restored_at", "original_removed_at", "audio_removed_at")


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("recordings", sa.Column(column, UtcDateTime(), nullable=True))
    op.create_index(op.f("ix_recordings_trashed_at"), "recordings", ["trashed_at"], unique=False)
    op.create_table(
        "retention_rules",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("since", sa.String(length=16), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_retention_rules")),
    )


def downgrade() -> None:
    op.drop_table("retention_rules")
    op.drop_index(op.f("ix_recordings_trashed_at"), "recordings")
    for column in reversed(_COLUMNS):
        op.drop_column("recordings", column)
