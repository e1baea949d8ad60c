"""Marks and notes made while a recording ran."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # MySQL commits each change separately: a run that was killed after it starts again here.
    if "notes" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("recordings")}:
        op.add_column("recordings", sa.Column("notes", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("recordings", "notes")
