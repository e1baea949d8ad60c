"""The database's own full text over the terms of texts, one way for each kind of database.

SQLite: a contentless FTS5 table without positions; terms are removed by naming them. PostgreSQL: a tsvector with a GIN
index. MariaDB and MySQL: an InnoDB FULLTEXT index. None needs an extension, a setting or a dictionary. What an index
offers is compared with the text by `backend.search.terms.places`, so the answer is the same on all of them."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from sqlalchemy import ColumnElement, TextClause, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.search.folding import fold
from backend.search.full_text import fts5_table, old_fts5_tables
from backend.search.sounds import Sound
from backend.search.tables import Passage, PassageState, SearchText
from backend.search.terms import RULES, Phrase, phrases, terms

Indexed: TypeAlias = type[Passage] | type[SearchText]

_CHECKED_CHARACTERS = 20
#: Databases take some ten thousand parameters.
_ROWS_PER_STATEMENT = 1000


def dialect_of(session: AsyncSession) -> str:
    """sqlite, postgresql or mysql, which is MariaDB too."""
    name = session.get_bind().dialect.name
    return "mysql" if name == "mariadb" else name


async def add(session: AsyncSession, table: Indexed, texts: Iterable[tuple[int, str]]) -> None:
    """Index rows of a table by their ids and texts."""
    name = table.__tablename__
    dialect = dialect_of(session)
    if dialect == "sqlite":
        statement = f"INSERT INTO {fts5_table(name)} (rowid, terms) VALUES (:id, :terms)"  # noqa: S608 (a constant)
    else:
        value = "to_tsvector('simple', :terms)" if dialect == "postgresql" else ":terms"
        statement = f"UPDATE {name} SET terms = {value} WHERE id = :id"  # noqa: S608 (constants)
    await _execute(session, statement, texts)


async def delete_rows(session: AsyncSession, table: Indexed, rows: Sequence[Passage] | Sequence[SearchText]) -> None:
    """Delete rows of a recording whose index is by today's rules."""
    await session.flush()
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        some = rows[start : start + _ROWS_PER_STATEMENT]
        await _delete(session, table, table.id.in_([row.id for row in some]), indexed=True)
        for row in some:
            session.expunge(row)


async def delete_of(session: AsyncSession, recording_id: str) -> None:
    """Delete all rows of a recording, so that no word of it is left in an index."""
    state = await session.get(PassageState, recording_id)
    indexed = state is not None and state.rules == RULES
    for table in (Passage, SearchText):
        await _delete(session, table, table.recording_id == recording_id, indexed=indexed)


async def _delete(session: AsyncSession, table: Indexed, where: ColumnElement[bool], *, indexed: bool) -> None:
    if indexed and dialect_of(session) == "sqlite":
        name = fts5_table(table.__tablename__)
        statement = f"INSERT INTO {name} ({name}, rowid, terms) VALUES ('delete', :id, :terms)"  # noqa: S608 (constants)
        await _execute(session, statement, await _texts(session, table, where))
    await session.execute(delete(table).where(where).execution_options(synchronize_session=False))


async def current_state(session: AsyncSession, recording_id: str) -> PassageState:
    """What the index of a recording is of; a new state, which is not added, where it is not indexed yet. If it is by
    other rules, all its terms are made anew."""
    state = await session.get(PassageState, recording_id)
    if state is None:
        return PassageState(recording_id=recording_id, version=0, minutes=0, rules=RULES)
    if state.rules != RULES:
        for table in (Passage, SearchText):
            await add(session, table, await _texts(session, table, table.recording_id == recording_id))
        state.rules = RULES
    return state


async def condition(session: AsyncSession, table: Indexed, wanted: str, *, whole: bool) -> TextClause:
    """For rows of a table that an `expression` or a `sound_expression` finds. Unless the index is `whole`, by other
    rules as well."""
    name = table.__tablename__
    dialect = dialect_of(session)
    if dialect == "sqlite":
        names = [fts5_table(name)]
        if not whole:
            old = await session.run_sync(lambda sync: old_fts5_tables(sync.connection()))
            names += [one for one in old if one.startswith(name)]
        found = " UNION ".join(f"SELECT rowid FROM {one} WHERE {one} MATCH :expression" for one in names)  # noqa: S608
        condition = f"{name}.id IN ({found})"
    elif dialect == "postgresql":
        condition = f"{name}.terms @@ to_tsquery('simple', :expression)"
    else:
        condition = f"MATCH ({name}.terms) AGAINST (:expression IN BOOLEAN MODE)"
    return text(condition).bindparams(expression=wanted)


async def finds(session: AsyncSession, table: Indexed, id: int, written: str) -> bool:
    """Whether a row is found by its own words; one of marks alone has none to be found by."""
    wanted = phrases(fold(written[:_CHECKED_CHARACTERS]).text)
    if not wanted:
        return True
    matches = await condition(session, table, expression(dialect_of(session), wanted), whole=True)
    return await session.scalar(select(table.id).where(table.id == id, matches)) is not None


def expression(dialect: str, wanted: Sequence[Phrase]) -> str:
    """What the full text compares with, for rows that have all these phrases."""
    if dialect == "sqlite":
        words = (word for phrase in wanted for word in _with_prefix(phrase, "*"))
        return " AND ".join(words)
    if dialect == "postgresql":
        return " & ".join(f"({' <-> '.join(_with_prefix(phrase, ':*'))})" for phrase in wanted)
    return " ".join(_of_mysql(phrase) for phrase in wanted)


def sound_expression(dialect: str, wanted: Sequence[Sequence[Sound]]) -> str:
    """What the full text compares with, for rows that may have one of the sounds of each word."""
    either, both, beginning = {"sqlite": (" OR ", " AND ", "*"), "postgresql": (" | ", " & ", ":*")}.get(
        dialect, (" ", " ", "*")
    )
    must = "+" if dialect == "mysql" else ""

    def group(parts: Sequence[str], joint: str) -> str:
        return f"({joint.join(parts)})"

    def sound(one: Sound) -> str:
        pairs = (group([term + beginning * prefix for term, prefix in pair], either) for pair in one.terms())
        return group([must + pair for pair in pairs], both)

    return both.join(must + group([sound(one) for one in word], either) for word in wanted)


def _with_prefix(phrase: Phrase, mark: str) -> list[str]:
    *words, last = phrase.terms
    return [*words, last + mark if phrase.prefix else last]


def _of_mysql(phrase: Phrase) -> str:
    if len(phrase.terms) == 1:
        return "+" + _with_prefix(phrase, "*")[0]
    return f'+"{" ".join(phrase.terms)}"'


async def _texts(session: AsyncSession, table: Indexed, where: ColumnElement[bool]) -> list[tuple[int, str]]:
    return [(id, written) for id, written in await session.execute(select(table.id, table.text).where(where))]


async def _execute(session: AsyncSession, statement: str, texts: Iterable[tuple[int, str]]) -> None:
    rows = [{"id": id, "terms": " ".join(terms(fold(written).text))} for id, written in texts]
    if rows:
        await (await session.connection()).execute(text(statement), rows)
