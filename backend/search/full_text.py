"""What each kind of database keeps for full text beside the columns of a table, and the SQL that makes it."""

from collections.abc import Collection

from sqlalchemy import Connection, inspect, text

from backend.search.terms import RULES

#: The tables whose column `text` is found.
TABLES = ("passages", "search_texts")

#: Of these tables, except on SQLite; no column for SQLAlchemy.
COLUMN = "terms"


def fts5_table(table: str) -> str:
    """SQLite's full text by today's rules. That of other rules stays beside it until everything is indexed anew."""
    return f"{table}_fts{RULES}"


def is_fts5_table(name: str) -> bool:
    """Also for the tables that SQLite keeps behind each, and for those of other rules."""
    return name.startswith(tuple(f"{table}_fts" for table in TABLES))


def statements(dialect: str, table: str) -> dict[str, str]:
    """What makes the full text of a table, by the name of each part."""
    if dialect == "sqlite":
        name = fts5_table(table)
        options = "content='', detail='none', columnsize=0, tokenize='ascii'"
        return {name: f"CREATE VIRTUAL TABLE {name} USING fts5(terms, {options})"}
    index = f"ix_{table}_{COLUMN}"
    if dialect == "postgresql":
        return {
            COLUMN: f"ALTER TABLE {table} ADD COLUMN {COLUMN} tsvector",
            index: f"CREATE INDEX {index} ON {table} USING gin ({COLUMN})",
        }
    return {
        COLUMN: f"ALTER TABLE {table} ADD COLUMN {COLUMN} LONGTEXT CHARACTER SET ascii",
        index: f"CREATE FULLTEXT INDEX {index} ON {table} ({COLUMN})",
    }


def missing(connection: Connection) -> list[tuple[str, str]]:
    """The parts that the database does not have: pairs of a table and the name of its part."""
    inspector = inspect(connection)
    names = set(inspector.get_table_names())
    found = []
    for table in TABLES:
        if table not in names:
            continue  # the schema is damaged, which others say
        has: Collection[str | None] = names
        if connection.dialect.name != "sqlite":
            columns = (one["name"] for one in inspector.get_columns(table))
            has = {*columns, *(one["name"] for one in inspector.get_indexes(table))}
        found += [(table, part) for part in statements(connection.dialect.name, table) if part not in has]
    return found


def make(connection: Connection, parts: Collection[tuple[str, str]]) -> None:
    """Make what `missing` has found. Where terms are lost, every recording is indexed anew."""
    dialect = connection.dialect.name
    if dialect == "sqlite" and parts:
        make_anew(connection)
        return
    for table, part in parts:
        connection.execute(text(statements(dialect, table)[part]))
    if any(part == COLUMN for _, part in parts):
        _index_everything_anew(connection)


def make_anew(connection: Connection) -> None:
    """Distrust every term: on SQLite none is left, on the others each is written again."""
    if connection.dialect.name == "sqlite":
        for table in TABLES:
            connection.execute(text(f"DROP TABLE IF EXISTS {fts5_table(table)}"))
            for statement in statements("sqlite", table).values():
                connection.execute(text(statement))
    _index_everything_anew(connection)


def _index_everything_anew(connection: Connection) -> None:
    connection.execute(text("UPDATE passage_states SET rules = 0"))


def old_fts5_tables(connection: Connection) -> list[str]:
    """SQLite's full texts by other rules: they answer until everything is indexed anew."""
    if connection.dialect.name != "sqlite":
        return []
    query = text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")
    names: list[str] = list(connection.scalars(query))
    now = {fts5_table(table) for table in TABLES}
    return [name for name in names if is_fts5_table(name) and name not in now]
