"""What the search costs: making the index, its size beside the text, a first page, a change, and LIKE beside it."""

import asyncio
import random
import statistics
import tempfile
import time
from contextlib import ExitStack
from importlib import resources
from itertools import accumulate
from pathlib import Path

from rich.console import Console
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend import migrations
from backend.accounts.tables import User
from backend.database import Database, connect
from backend.recordings.tables import Recording
from backend.search import index, passages, service
from backend.search.full_text import fts5_table
from backend.search.query import Query, SoundQuery, by_sound, parse
from backend.search.tables import Passage
from benchmarks.machine import describe

SEGMENTS_EACH = 500
#: Promised on SQLite, at 200,000 segments.
MIN_TIMES_LIKE = 5.0
MAX_SIZE_RATIO, MAX_PAGE_MS, MAX_SEGMENT_MS, MAX_RECORDING_MS = 1.0, 20.0, 2.0, 60.0
_QUERIES = 60
_LIKES = 5


def run(segments: int, kind: str) -> int:
    """Print the figures; returns 1 where a promise was not kept."""
    from tests.databases import SQLITE, serve

    console = Console()
    console.print(describe(), highlight=False)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/server.db" if kind == SQLITE else stack.enter_context(serve(kind)).create()
        migrations.upgrade(url)
        kept = asyncio.run(_measure(url, segments, kind == SQLITE, console))
    return 0 if kept else 1


async def _measure(url: str, segments: int, sqlite: bool, console: Console) -> bool:
    database = connect(url)
    try:
        words = Words(random.Random(17))
        began, cpu = time.perf_counter(), time.process_time()
        await _fill(database, segments, words)
        seconds, of_cpu = time.perf_counter() - began, time.process_time() - cpu
        console.print(f"{segments} segments with their rows: {seconds:.0f} s, {of_cpu:.0f} s CPU here", highlight=False)
        kept = [await _sizes(database, console)] if sqlite else []
        for name, queries in _groups(words).items():
            times = [await _page(database, query) for query in queries]
            p95 = statistics.quantiles(times, n=20)[-1]
            told = f"first page, {name}: median {statistics.median(times):.1f} ms, p95 {p95:.1f}"
            console.print(told, highlight=False)
            kept.append(not sqlite or p95 <= MAX_PAGE_MS)
        ratios = [await _times_faster(database, word) for word in words.of(2, _LIKES)]
        told = f"LIKE takes {statistics.median(ratios):.1f} times as long for two characters"
        console.print(told, highlight=False)
        kept.append(statistics.median(ratios) >= MIN_TIMES_LIKE)
        for count, most in ((1, MAX_SEGMENT_MS), (SEGMENTS_EACH, MAX_RECORDING_MS)):
            cost = statistics.median([await _change(database, count, words) for _ in range(5)])
            console.print(f"terms of {count} segments: {cost:.1f} ms", highlight=False)
            kept.append(not sqlite or cost <= most)
    finally:
        await database.close()
    return all(kept)


class Words:
    """Draws words of jieba's dictionary as often as they are said."""

    def __init__(self, draw: random.Random) -> None:
        lines = (resources.files("jieba") / "dict.txt").read_text(encoding="utf-8").splitlines()
        rows = [line.split(" ")[:2] for line in lines]
        self._draw = draw
        self._words = [word for word, _ in rows]
        self._weights = list(accumulate(int(count) for _, count in rows))

    def some(self, count: int) -> list[str]:
        return self._draw.choices(self._words, cum_weights=self._weights, k=count)

    def of(self, characters: int, count: int) -> list[str]:
        """Words of so many characters."""
        found: list[str] = []
        while len(found) < count:
            found += [word for word in self.some(count) if len(word) == characters]
        return found[:count]

    def sentence(self) -> str:
        return "".join(self.some(8)) + "，" + "".join(self.some(8)) + "。"


async def _fill(database: Database, segments: int, words: Words) -> None:
    async with database.write() as session:
        session.add(User(id="ada", username="ada", username_key="ada"))
    for number in range(max(1, segments // SEGMENTS_EACH)):
        async with database.write() as session:
            values = {"owner_id": "ada", "name": "会议.m4a", "extension": "m4a", "size": 1, "sha256": ""}
            session.add(Recording(id=f"r{number}", duration=1.0, **values))
            await session.flush()
            await _replace(session, f"r{number}", [words.sentence() for _ in range(SEGMENTS_EACH)])


async def _replace(session: AsyncSession, recording: str, sentences: list[str]) -> None:
    made = [passages.NewPassage(f"s{at}", at, at + 1.0, None, one, "[]") for at, one in enumerate(sentences)]
    await passages.replace(session, owner_id="ada", recording_id=recording, version=1, passages=made)


async def _sizes(database: Database, console: Console) -> bool:
    async with database.read() as session:
        written = await session.scalar(text("SELECT sum(length(CAST(text AS BLOB))) FROM passages")) or 1
        pages = text(f"SELECT sum(length(block)) FROM {fts5_table('passages')}_data")  # noqa: S608 (a constant)
        size = await session.scalar(pages) or 0
    console.print(f"index {size / 1e6:.1f} MB, text {written / 1e6:.1f} MB: {size / written:.2f}", highlight=False)
    return bool(size / written <= MAX_SIZE_RATIO)


def _groups(words: Words) -> dict[str, list[Query | SoundQuery]]:
    chosen = words.of(2, _QUERIES)
    sounding = [by_sound(parse(word)) for word in chosen]
    return {
        "1 character": [parse(word[0]) for word in chosen],
        "2 characters": [parse(word) for word in chosen],
        "4 characters": [parse(word) for word in words.of(4, _QUERIES)],
        "sounds of 2": [one for one in sounding if one is not None],
    }


async def _page(database: Database, query: Query | SoundQuery) -> float:
    """Milliseconds until what is found is compared: CPU of this process, which on SQLite is all of it."""
    began = time.process_time()
    async with database.read() as session:
        filters = service.Filters()
        found = await service.candidates(session, "ada", query, filters, whole=True)
        service.grouped(service.compare(found, query, filters).places, "newest")
    return (time.process_time() - began) * 1000


async def _times_faster(database: Database, word: str) -> float:
    """How many times as long LIKE takes, by the clock: on a server it is another process that works."""
    began = time.perf_counter()
    await _page(database, parse(word))
    between = time.perf_counter()
    async with database.read() as session:
        await session.scalars(select(Passage).where(Passage.text.like(f"%{word}%")).limit(service.MAX_CANDIDATES))
    return (time.perf_counter() - between) / (between - began)


async def _change(database: Database, count: int, words: Words) -> float:
    """Milliseconds of CPU of the terms alone."""
    sentences = [words.sentence() for _ in range(count)]
    async with database.write() as session:
        began = time.process_time()
        await index.add(session, Passage, [(10**9 + at, one) for at, one in enumerate(sentences)])
        cost = (time.process_time() - began) * 1000
        await session.rollback()
    return cost
