"""Minutes edited by people, and minutes that a model proposes beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_COLUMNS = (("author_id", 32), ("proposal", 8))


def upgrade() -> None:
    # MySQL commits each change separately: a run that was killed after it starts again here.
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("minutes")}
    for name, length in _COLUMNS:
        if name not in there:
            op.add_column("minutes", sa.Column(name, sa.String(length=length), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM minutes WHERE proposal IS NOT NULL")
    for name, _ in _COLUMNS:
        op.drop_column("minutes", name)
