"""Tags of recordings, and folders."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _id(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.String(length=32), nullable=nullable)


def _names() -> list["sa.Column[str]"]:
    return [
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("folded", sa.String(length=128), nullable=False),
    ]


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def upgrade() -> None:
    # MySQL commits each change separately: a run that was killed after one goes on here.
    tables = set(sa.inspect(op.get_bind()).get_table_names())
    if "tags" not in tables:
        op.create_table(
            "tags",
            *(_id("id"), _id("owner_id"), *_names()),
            _refers("tags", "owner_id", "users"),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
            sa.UniqueConstraint("owner_id", "folded", name=op.f("uq_tags_owner_id_folded")),
        )
    if "folders" not in tables:
        op.create_table(
            "folders",
            *(_id("id"), _id("owner_id"), _id("parent_id", nullable=True), *_names()),
            _refers("folders", "owner_id", "users"),
            _refers("folders", "parent_id", "folders"),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_folders")),
        )
    if "recording_tags" not in tables:
        op.create_table(
            "recording_tags",
            *(_id("recording_id"), _id("tag_id")),
            _refers("recording_tags", "recording_id", "recordings"),
            _refers("recording_tags", "tag_id", "tags"),
            sa.PrimaryKeyConstraint("recording_id", "tag_id", name=op.f("pk_recording_tags")),
        )
    if "recording_folders" not in tables:
        op.create_table(
            "recording_folders",
            *(_id("recording_id"), _id("folder_id")),
            _refers("recording_folders", "recording_id", "recordings"),
            _refers("recording_folders", "folder_id", "folders"),
            sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recording_folders")),
        )
    inspector = sa.inspect(op.get_bind())
    for table, column in (
        *(("folders", "owner_id"), ("folders", "parent_id")),
        *(("recording_tags", "tag_id"), ("recording_folders", "folder_id")),
    ):
        name = f"ix_{table}_{column}"
        if name not in {index["name"] for index in inspector.get_indexes(table)}:
            op.create_index(op.f(name), table, [column])


def downgrade() -> None:
    for table in ("recording_folders", "recording_tags", "folders", "tags"):
        op.drop_table(table)
