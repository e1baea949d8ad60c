"""Names and minutes are searched. The full text of the new table is made by `backend.search.full_text`; the texts of
recordings that exist are indexed after the start."""

import sqlalchemy as sa
from alembic import op

from backend.database import LongText

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # MySQL commits each change separately: a run that was killed after one goes on here.
    inspector = sa.inspect(op.get_bind())
    if "search_texts" not in inspector.get_table_names():
        op.create_table(
            "search_texts",
            sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
            sa.Column("recording_id", sa.String(length=32), nullable=False),
            sa.Column("owner_id", sa.String(length=32), nullable=False),
            sa.Column("kind", sa.String(length=16), nullable=False),
            sa.Column("part", sa.String(length=64), nullable=False),
            sa.Column("position", sa.Integer(), nullable=False),
            sa.Column("text", LongText, nullable=False),
            sa.ForeignKeyConstraint(
                ["recording_id"], ["recordings.id"], name=op.f("fk_search_texts_recording_id"), ondelete="CASCADE"
            ),
            sa.ForeignKeyConstraint(
                ["owner_id"], ["users.id"], name=op.f("fk_search_texts_owner_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_search_texts")),
            sa.UniqueConstraint("recording_id", "kind", "part", name=op.f("uq_search_texts_recording_id_kind_part")),
            sqlite_autoincrement=True,
        )
    op.create_index(op.f("ix_search_texts_owner_id_kind"), "search_texts", ["owner_id", "kind"])
    op.create_index(op.f("ix_passage_states_rules"), "passage_states", ["rules"])
    op.add_column("passage_states", sa.Column("minutes", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE passage_states SET minutes = -1")  # the names and minutes of these are not indexed
    op.execute(
        "INSERT INTO passage_states (recording_id, version, minutes, rules) SELECT id, 0, -1, 0 FROM recordings "
        "WHERE id NOT IN (SELECT recording_id FROM passage_states)"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in sa.inspect(op.get_bind()).get_table_names():
            if name.startswith("search_texts_fts") and name[len("search_texts_fts") :].isdigit():
                op.execute(f"DROP TABLE {name}")
    op.drop_table("search_texts")
    op.drop_index(op.f("ix_passage_states_rules"), "passage_states")
    op.drop_column("passage_states", "minutes")
