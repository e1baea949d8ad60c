"""The full-text index of what was said. Passages of transcripts that exist are made after the start."""

import sqlalchemy as sa
from alembic import op

from backend.database import LongText

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

#: What each kind of database has for full text: see `backend.search.index`.
_FULL_TEXT = {
    "sqlite": (
        "CREATE VIRTUAL TABLE passages_fts USING fts5"
        "(terms, content='', detail='none', columnsize=0, tokenize='ascii', prefix='5')",
    ),
    "postgresql": (
        "ALTER TABLE passages ADD COLUMN terms tsvector",
        "CREATE INDEX ix_passages_terms ON passages USING gin (terms)",
    ),
    "mysql": (
        "ALTER TABLE passages ADD COLUMN terms LONGTEXT CHARACTER SET ascii",
        "CREATE FULLTEXT INDEX ix_passages_terms ON passages (terms)",
    ),
}


def upgrade() -> None:
    # MySQL commits each change separately: a run that was killed after one starts again here.
    for table in ("passage_states", "passages"):
        op.execute(f"DROP TABLE IF EXISTS {table}")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE IF EXISTS passages_fts")
    op.create_table(
        "passages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("segment_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=False),
        sa.Column("speaker", sa.String(length=255), nullable=True),
        sa.Column("text", LongText, nullable=False),
        sa.Column("times", LongText, nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_passages_recording_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_passages_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passages")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_passages_recording_id_position"), "passages", ["recording_id", "position"])
    op.create_index(op.f("ix_passages_owner_id_speaker"), "passages", ["owner_id", "speaker"])
    op.create_table(
        "passage_states",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_passage_states_recording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_passage_states")),
    )
    name = op.get_bind().dialect.name
    for statement in _FULL_TEXT["mysql" if name == "mariadb" else name]:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE passages_fts")
    op.drop_table("passage_states")
    op.drop_table("passages")
