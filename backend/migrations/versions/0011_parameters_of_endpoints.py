"""Protocol, temperature, headers and further parameters of the endpoints of language models."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLE = "language_endpoints"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("protocol", sa.String(length=16), nullable=False, server_default="openai"))
    op.add_column(_TABLE, sa.Column("temperature", sa.Float(), nullable=True))
    op.add_column(_TABLE, sa.Column("sealed_headers", sa.Text(), nullable=True))
    op.add_column(_TABLE, sa.Column("parameters", sa.JSON(), nullable=True))


def downgrade() -> None:
    for column in ("parameters", "sealed_headers", "temperature", "protocol"):
        op.drop_column(_TABLE, column)
