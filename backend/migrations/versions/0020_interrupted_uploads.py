"""When another server asked for the offset of an upload that a request still writes to."""

import sqlalchemy as sa
from alembic import op

from backend.database import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # MySQL commits each change separately: a run that was killed after it starts again here.
    if "interrupted_at" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("uploads")}:
        op.add_column("uploads", sa.Column("interrupted_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("uploads", "interrupted_at")
