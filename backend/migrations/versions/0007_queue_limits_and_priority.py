"""Queue limits that are set while the server runs, jobs moved to the front, and indexes for them."""

import sqlalchemy as sa
from alembic import op

from backend.database import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LIMITS = ("max_concurrent", "max_per_user", "max_size")
_INDEXES = {"ix_jobs_started_at": ["started_at"], "ix_jobs_status_fronted_at": ["status", "fronted_at"]}


def upgrade() -> None:
    # MySQL commits each of these separately: a run that was killed between two of them starts again here.
    inspector = sa.inspect(op.get_bind())
    columns_of_lock = {column["name"] for column in inspector.get_columns("queue_gate")}
    for limit in _LIMITS:
        if limit not in columns_of_lock:
            op.add_column("queue_gate", sa.Column(limit, sa.Integer(), nullable=True))
    if "fronted_at" not in {column["name"] for column in inspector.get_columns("jobs")}:
        op.add_column("jobs", sa.Column("fronted_at", UtcDateTime(), nullable=True))
    known = {index["name"] for index in inspector.get_indexes("jobs")}
    for name, columns in _INDEXES.items():
        if name not in known:
            op.create_index(op.f(name), "jobs", columns, unique=False)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(op.f(name), table_name="jobs")
    op.drop_column("jobs", "fronted_at")
    for limit in _LIMITS:
        op.drop_column("queue_gate", limit)
