"""Comments at places of transcripts."""

import sqlalchemy as sa
from alembic import op

from backend.database import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def _refers(column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_comments_{column}"), ondelete=ondelete)


def upgrade() -> None:
    # MySQL commits each change separately: a run that was killed after one goes on here.
    if "comments" not in set(sa.inspect(op.get_bind()).get_table_names()):
        op.create_table(
            "comments",
            sa.Column("id", sa.String(length=32), nullable=False),
            sa.Column("recording_id", sa.String(length=32), nullable=False),
            sa.Column("owner_id", sa.String(length=32), nullable=False),
            sa.Column("author_id", sa.String(length=32), nullable=True),
            sa.Column("thread_id", sa.String(length=32), nullable=True),
            sa.Column("text", sa.Text(), nullable=False),
            sa.Column("segment_id", sa.String(length=64), nullable=True),
            sa.Column("start", sa.Integer(), nullable=True),
            sa.Column("end", sa.Integer(), nullable=True),
            sa.Column("quote", sa.Text(), nullable=True),
            sa.Column("before", sa.String(length=64), nullable=True),
            sa.Column("after", sa.String(length=64), nullable=True),
            sa.Column("at", sa.Float(), nullable=True),
            sa.Column("version", sa.Integer(), nullable=True),
            sa.Column("created_at", UtcDateTime(), nullable=False),
            sa.Column("edited_at", UtcDateTime(), nullable=True),
            sa.Column("resolved_at", UtcDateTime(), nullable=True),
            _refers("recording_id", "recordings", "CASCADE"),
            _refers("owner_id", "users", "CASCADE"),
            _refers("author_id", "users", "SET NULL"),
            _refers("thread_id", "comments", "CASCADE"),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        )
    made = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("comments")}
    for columns in (["recording_id", "created_at"], ["owner_id"], ["author_id"], ["thread_id"]):
        if (name := f"ix_comments_{'_'.join(columns)}") not in made:
            op.create_index(op.f(name), "comments", columns)


def downgrade() -> None:
    op.drop_table("comments")
