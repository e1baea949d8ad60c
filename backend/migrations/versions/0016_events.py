"""What happened, as rows, and the sequence of their positions."""

import sqlalchemy as sa
from alembic import op

from backend.database import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # MySQL commits each of these separately: a run that was killed between two of them starts again here.
    inspector = sa.inspect(op.get_bind())
    tables = set(inspector.get_table_names())
    if "events" not in tables:
        op.create_table(
            "events",
            sa.Column("id", _BIG, nullable=False),
            sa.Column("position", _BIG, nullable=True),
            sa.Column("at", UtcDateTime(), nullable=False),
            sa.Column("kind", sa.String(length=32), nullable=False),
            sa.Column("owner_id", sa.String(length=32), nullable=False),
            sa.Column("recording_id", sa.String(length=32), nullable=True),
            sa.Column("job_id", sa.String(length=32), nullable=True),
            sa.Column("facts", sa.JSON(), nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        )
    if "ix_events_position" not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("events")}:
        op.create_index(op.f("ix_events_position"), "events", ["position"], unique=True)
    if "event_sequence" not in tables:
        op.create_table(
            "event_sequence",
            sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("last", _BIG, nullable=False),
            sa.Column("swept", _BIG, nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_event_sequence")),
        )
    # Only where it is missing, and in one statement, for a run that starts again.
    sequence = sa.table("event_sequence", sa.column("id"), sa.column("last"), sa.column("swept"))
    if not op.get_bind().execute(sa.select(sequence.c.id)).first():
        op.execute(sequence.insert().values(id=1, last=0, swept=0))


def downgrade() -> None:
    op.drop_table("event_sequence")
    op.drop_table("events")
