"""People, samples of their voices, and which suggestions were refused."""

import sqlalchemy as sa
from alembic import op

from backend.database import LongText, UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # MySQL commits each change separately: a run that was killed after one goes on here.
    tables = set(sa.inspect(op.get_bind()).get_table_names())
    if "people" not in tables:
        op.create_table(
            "people",
            sa.Column("id", sa.String(length=32), nullable=False),
            sa.Column("owner_id", sa.String(length=32), nullable=False),
            sa.Column("name", sa.String(length=64), nullable=False),
            sa.Column("note", sa.Text(), nullable=False),
            sa.Column("consent_at", UtcDateTime(), nullable=True),
            sa.Column("consent_how", sa.String(length=200), nullable=False),
            sa.Column("consent_by", sa.String(length=64), nullable=False),
            sa.Column("created_at", UtcDateTime(), nullable=False),
            sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_people_owner_id"), ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        )
    if "samples" not in tables:
        op.create_table(
            "samples",
            sa.Column("id", sa.String(length=32), nullable=False),
            sa.Column("owner_id", sa.String(length=32), nullable=False),
            sa.Column("person_id", sa.String(length=32), nullable=False),
            sa.Column("recording_id", sa.String(length=32), nullable=False),
            sa.Column("speaker", sa.String(length=64), nullable=False),
            sa.Column("name", sa.String(length=64), nullable=False),
            sa.Column("model", sa.String(length=64), nullable=False),
            sa.Column("vector", LongText, nullable=False),
            sa.Column("seconds", sa.Float(), nullable=False),
            sa.Column("clips", sa.JSON(), nullable=False),
            sa.Column("created_at", UtcDateTime(), nullable=False),
            sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_samples_owner_id"), ondelete="CASCADE"),
            sa.ForeignKeyConstraint(
                ["person_id"], ["people.id"], name=op.f("fk_samples_person_id"), ondelete="CASCADE"
            ),
            sa.ForeignKeyConstraint(
                ["recording_id"], ["recordings.id"], name=op.f("fk_samples_recording_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_samples")),
            sa.UniqueConstraint("recording_id", "speaker", name=op.f("uq_samples_recording_id_speaker")),
        )
    if "refusals" not in tables:
        op.create_table(
            "refusals",
            sa.Column("recording_id", sa.String(length=32), nullable=False),
            sa.Column("speaker", sa.String(length=64), nullable=False),
            sa.Column("person_id", sa.String(length=32), nullable=False),
            sa.Column("created_at", UtcDateTime(), nullable=False),
            sa.ForeignKeyConstraint(
                ["recording_id"], ["recordings.id"], name=op.f("fk_refusals_recording_id"), ondelete="CASCADE"
            ),
            sa.ForeignKeyConstraint(
                ["person_id"], ["people.id"], name=op.f("fk_refusals_person_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("recording_id", "speaker", "person_id", name=op.f("pk_refusals")),
        )
    inspector = sa.inspect(op.get_bind())
    for table, columns in (("people", ["owner_id", "name"]), ("samples", ["person_id"]), ("samples", ["owner_id"])):
        name = f"ix_{table}_{'_'.join(columns)}"
        if name not in {index["name"] for index in inspector.get_indexes(table)}:
            op.create_index(op.f(name), table, columns)


def downgrade() -> None:
    for table in ("refusals", "samples", "people"):
        op.drop_table(table)
