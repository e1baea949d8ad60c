"""Channels, deliveries, and the cursor up to which deliveries have been made."""

import sqlalchemy as sa
from alembic import op

from backend.database import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # MySQL commits each of these separately: a run that was killed between two of them starts again here.
    tables = set(sa.inspect(op.get_bind()).get_table_names())
    if "channels" not in tables:
        op.create_table(
            "channels",
            sa.Column("id", sa.String(length=32), nullable=False),
            sa.Column("owner_id", sa.String(length=32), nullable=False),
            sa.Column("kind", sa.String(length=16), nullable=False),
            sa.Column("name", sa.String(length=64), nullable=False),
            sa.Column("sealed_address", sa.Text(), nullable=False),
            sa.Column("sealed_secret", sa.Text(), nullable=True),
            sa.Column("sealed_old_secret", sa.Text(), nullable=True),
            sa.Column("old_secret_until", UtcDateTime(), nullable=True),
            sa.Column("events", sa.JSON(), nullable=False),
            sa.Column("content", sa.String(length=16), nullable=False),
            sa.Column("language", sa.String(length=8), nullable=False),
            sa.Column("state", sa.String(length=16), nullable=False),
            sa.Column("free_at", UtcDateTime(), nullable=False),
            sa.Column("failures", sa.Integer(), nullable=False),
            sa.Column("failing_since", UtcDateTime(), nullable=True),
            sa.Column("problem", sa.String(length=32), nullable=True),
            sa.Column("created_at", UtcDateTime(), nullable=False),
            sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_channels_owner_id"), ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        )
    if "deliveries" not in tables:
        op.create_table(
            "deliveries",
            sa.Column("id", sa.String(length=32), nullable=False),
            sa.Column("channel_id", sa.String(length=32), nullable=False),
            sa.Column("event_position", _BIG, nullable=True),
            sa.Column("kind", sa.String(length=32), nullable=False),
            sa.Column("recording_id", sa.String(length=32), nullable=True),
            sa.Column("job_id", sa.String(length=32), nullable=True),
            sa.Column("facts", sa.JSON(), nullable=False),
            sa.Column("happened_at", UtcDateTime(), nullable=False),
            sa.Column("status", sa.String(length=16), nullable=False),
            sa.Column("attempt", sa.Integer(), nullable=False),
            sa.Column("tries", sa.Integer(), nullable=False),
            sa.Column("not_before", UtcDateTime(), nullable=False),
            sa.Column("runner", sa.String(length=64), nullable=True),
            sa.Column("claimed_until", UtcDateTime(), nullable=True),
            sa.Column("code", sa.String(length=32), nullable=True),
            sa.Column("history", sa.JSON(), nullable=False),
            sa.Column("queued_at", UtcDateTime(), nullable=False),
            sa.Column("ended_at", UtcDateTime(), nullable=True),
            sa.ForeignKeyConstraint(
                ["channel_id"], ["channels.id"], name=op.f("fk_deliveries_channel_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
            sa.UniqueConstraint("event_position", "channel_id", name=op.f("uq_deliveries_event_position_channel_id")),
        )
    if "delivery_cursor" not in tables:
        op.create_table(
            "delivery_cursor",
            sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("position", _BIG, nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_cursor")),
        )
    inspector = sa.inspect(op.get_bind())
    made = {index["name"] for table in ("channels", "deliveries") for index in inspector.get_indexes(table)}
    for table, columns in (
        ("channels", ["owner_id"]),
        ("deliveries", ["channel_id", "queued_at"]),
        ("deliveries", ["status", "not_before"]),
    ):
        if (name := f"ix_{table}_{'_'.join(columns)}") not in made:
            op.create_index(op.f(name), table, columns)


def downgrade() -> None:
    op.drop_table("delivery_cursor")
    op.drop_table("deliveries")
    op.drop_table("channels")
