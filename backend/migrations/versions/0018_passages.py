"""The full-text index of what was said. Passages of transcripts that exist are made after the start."""

import sqlalchemy as sa
from alembic import op

from backend.database import LongText

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

#: What each kind of database has for full text, by the name of what each statement makes: see `backend.search.index`.
_FULL_TEXT = {
    "sqlite": {
        "passages_fts": "CREATE VIRTUAL TABLE passages_fts USING fts5"
        "(terms, content='', detail='none', columnsize=0, tokenize='ascii', prefix='5')",
    },
    "postgresql": {
        "terms": "ALTER TABLE passages ADD COLUMN terms tsvector",
        "ix_passages_terms": "CREATE INDEX ix_passages_terms ON passages USING gin (terms)",
    },
    "mysql": {
        "terms": "ALTER TABLE passages ADD COLUMN terms LONGTEXT CHARACTER SET ascii",
        "ix_passages_terms": "CREATE FULLTEXT INDEX ix_passages_terms ON passages (terms)",
    },
}


def upgrade() -> None:
    # MySQL commits each change separately: a run that was killed after one goes on here.
    tables = set(sa.inspect(op.get_bind()).get_table_names())
    if "passages" not in tables:
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
    if "passage_states" not in tables:
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
    inspector = sa.inspect(op.get_bind())
    made = tables | {one["name"] for one in (*inspector.get_columns("passages"), *inspector.get_indexes("passages"))}
    for columns in (["recording_id", "position"], ["owner_id", "speaker"]):
        if (name := f"ix_passages_{'_'.join(columns)}") not in made:
            op.create_index(op.f(name), "passages", columns)
    dialect = op.get_bind().dialect.name
    for name, statement in _FULL_TEXT["mysql" if dialect == "mariadb" else dialect].items():
        if name not in made:
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE passages_fts")
    op.drop_table("passage_states")
    op.drop_table("passages")
