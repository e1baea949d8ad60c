"""Endpoints of language models, repairs of segments, shared templates, and the two pools of the queue."""

import sqlalchemy as sa
from alembic import op

from backend.database import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_POOL_INDEX, _OLD_INDEX = "ix_jobs_status_lane_owner_id_created_at", "ix_jobs_status_owner_id_created_at"


def upgrade() -> None:
    op.create_table(
        "language_endpoints",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("context_tokens", sa.Integer(), nullable=False),
        sa.Column("allow_private", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_language_endpoints_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_language_endpoints")),
    )
    op.create_index(op.f("ix_language_endpoints_owner_id_name"), "language_endpoints", ["owner_id", "name"])
    op.create_table(
        "language_choices",
        sa.Column("whose", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("endpoint", sa.String(length=32), nullable=True),
        sa.Column("own_endpoints", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_language_choices_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("whose", name=op.f("pk_language_choices")),
    )
    op.create_table(
        "repairs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_repairs_owner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_repairs_recording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repairs")),
    )
    op.create_index(op.f("ix_repairs_recording_id_created_at"), "repairs", ["recording_id", "created_at"])
    op.create_table(
        "shared_templates",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("guidance", sa.Text(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_templates")),
        sa.UniqueConstraint("key", "version", name=op.f("uq_shared_templates_key_version")),
    )
    endpoint = sa.Column("endpoint", sa.String(length=32), nullable=False, server_default="built-in")
    op.add_column("language_uses", endpoint)
    op.create_index(op.f("ix_language_uses_endpoint"), "language_uses", ["endpoint"])
    op.add_column("jobs", sa.Column("lane", sa.String(length=16), nullable=False, server_default="engines"))
    op.execute("UPDATE jobs SET lane = 'language' WHERE kind <> 'transcript'")
    op.create_index(op.f(_POOL_INDEX), "jobs", ["status", "lane", "owner_id", "created_at"], unique=False)
    op.drop_index(op.f(_OLD_INDEX), table_name="jobs")


def downgrade() -> None:
    op.create_index(op.f(_OLD_INDEX), "jobs", ["status", "owner_id", "created_at"], unique=False)
    op.drop_index(op.f(_POOL_INDEX), table_name="jobs")
    op.drop_column("jobs", "lane")
    op.drop_index(op.f("ix_language_uses_endpoint"), "language_uses")
    op.drop_column("language_uses", "endpoint")
    for table in ("shared_templates", "repairs", "language_choices", "language_endpoints"):
        op.drop_table(table)
