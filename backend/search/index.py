"""The database's own full text over the terms of passages, one way for each kind of database.

SQLite: a contentless FTS5 table without positions; terms are removed by naming them. PostgreSQL: a tsvector with a GIN
index. MariaDB and MySQL: an InnoDB FULLTEXT index. None needs an extension, a setting or a dictionary. What an index
offers is compared with the text by `backend.search.terms.places`, so the answer is the same on all of them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.search.folding import fold
from backend.search.terms import Phrase, phrases, terms

_CHECKED_CHARACTERS = 20

_ADD = {
    "sqlite": "INSERT INTO passages_fts (rowid, terms) VALUES (:id, :terms)",
    "postgresql": "UPDATE passages SET terms = to_tsvector('simple', :terms) WHERE id = :id",
    "mysql": "UPDATE passages SET terms = :terms WHERE id = :id",
}
_REMOVE_FROM_FTS5 = "INSERT INTO passages_fts (passages_fts, rowid, terms) VALUES ('delete', :id, :terms)"

#: A condition on `passages.id`, with the parameter `expression`.
CONDITIONS = {
    "sqlite": "passages.id IN (SELECT rowid FROM passages_fts WHERE passages_fts MATCH :expression)",
    "postgresql": "passages.terms @@ to_tsquery('simple', :expression)",
    "mysql": "MATCH (passages.terms) AGAINST (:expression IN BOOLEAN MODE)",
}


def dialect_of(session: AsyncSession) -> str:
    """sqlite, postgresql or mysql, which is MariaDB too."""
    name = session.get_bind().dialect.name
    return "mysql" if name == "mariadb" else name


async def add(session: AsyncSession, passages: Iterable[tuple[int, str]]) -> None:
    """Index passages by their ids and texts."""
    rows = [{"id": id, "terms": _line(written)} for id, written in passages]
    if rows:
        await (await session.connection()).execute(text(_ADD[dialect_of(session)]), rows)


async def remove(session: AsyncSession, passages: Iterable[tuple[int, str]]) -> None:
    """Before the rows are deleted; the texts are those that were indexed."""
    rows = [{"id": id, "terms": _line(written)} for id, written in passages]
    if rows and dialect_of(session) == "sqlite":
        await (await session.connection()).execute(text(_REMOVE_FROM_FTS5), rows)


async def clear(session: AsyncSession) -> None:
    """Remove every term: on SQLite also those that the rules of today would not name."""
    if dialect_of(session) == "sqlite":
        await session.execute(text("INSERT INTO passages_fts (passages_fts) VALUES ('delete-all')"))


async def finds(session: AsyncSession, id: int, written: str) -> bool:
    """Whether a passage is found by its own words; one of marks alone has none to be found by."""
    wanted = phrases(fold(written[:_CHECKED_CHARACTERS]).text)
    if not wanted:
        return True
    dialect = dialect_of(session)
    query = text(f"SELECT 1 FROM passages WHERE id = :id AND {CONDITIONS[dialect]}")  # noqa: S608 (two constants)
    return await session.scalar(query, {"id": id, "expression": expression(dialect, wanted)}) is not None


def expression(dialect: str, wanted: Sequence[Phrase]) -> str:
    """What `CONDITIONS` compare with, for passages that have all these phrases."""
    if dialect == "sqlite":
        words = (word for phrase in wanted for word in _with_prefix(phrase, "*"))
        return " AND ".join(words)
    if dialect == "postgresql":
        return " & ".join(f"({' <-> '.join(_with_prefix(phrase, ':*'))})" for phrase in wanted)
    return " ".join(_of_mysql(phrase) for phrase in wanted)


def _with_prefix(phrase: Phrase, mark: str) -> list[str]:
    *words, last = phrase.terms
    return [*words, last + mark if phrase.prefix else last]


def _of_mysql(phrase: Phrase) -> str:
    if len(phrase.terms) == 1:
        return "+" + _with_prefix(phrase, "*")[0]
    return f'+"{" ".join(phrase.terms)}"'


def _line(written: str) -> str:
    return " ".join(terms(fold(written).text))
