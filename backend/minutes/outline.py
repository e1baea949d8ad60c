"""Minutes as entries: title, meeting, and the parts in the order of the template. Every file is made of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from backend.minutes.schema import Action, Meeting, MinutesContent, Statement
from backend.minutes.templates import PARTS, Template
from backend.transcripts.document import Document
from backend.transcripts.export import clock
from backend.transcripts.file_properties import NO_PROPERTIES, FileProperties, written_date
from backend.transcripts.written_form import AS_IS, WrittenForm

#: Times of a statement's evidence that are shown.
_MAX_TIMES = 5


class Kind(Enum):
    TITLE = "title"
    FACT = "fact"  #: about the meeting: `lead` is its label
    NOTE = "note"  #: about the minutes: they are stale, or do not cover everything
    HEADING = "heading"
    HEADLINE = "headline"
    TEXT = "text"
    ITEM = "item"
    POINT = "point"  #: of the item before it
    TASK = "task"


@dataclass(frozen=True, slots=True)
class Entry:
    """`lead` is emphasised in front of the text; `times` (HH:MM:SS) and `doubt` stand behind it."""

    kind: Kind
    text: str
    lead: str = ""
    times: tuple[str, ...] = ()
    doubt: str = ""
    done: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    stale: str
    doubt: str
    covers: str
    segments: str
    held: str
    place: str
    attendees: str
    next: str
    attachments: str
    comma: str = "、"


_CHINESE = _Words(
    *("会议纪要", "依据的文稿之后有改动，本纪要可能已经过时。", "存疑", "覆盖", "段"),
    *("时间", "地点", "参会人", "下次会议", "附件"),
)
_ENGLISH = _Words(
    *("Minutes", "The transcript was changed since: these minutes may be out of date.", "doubtful", "Covers", ""),
    *("Time", "Place", "Attendees", "Next meeting", "Attachments"),
    comma=", ",
)


def entries(
    minutes: MinutesContent,
    document: Document,
    template: Template,
    title: str,
    *,
    stale: bool = False,
    form: WrittenForm = AS_IS,
    properties: FileProperties = NO_PROPERTIES,
) -> Iterator[Entry]:
    """`form` is for the labels; the minutes are in their written form already. The day of `properties` and the speakers
    with names stand for what nobody has entered about the meeting."""
    words = _CHINESE if minutes.language == "zh" else _ENGLISH
    write = form.write
    times = {segment.id: clock(segment.start) for segment in document.segments}
    yield Entry(Kind.TITLE, minutes.title or title or write(words.title))
    yield from _about_meeting(minutes.meeting, document, words, form, properties)
    if stale:
        yield Entry(Kind.NOTE, write(words.stale))
    for part in template.parts:
        if found := list(_part(part, minutes, times, write(words.doubt))):
            yield Entry(Kind.HEADING, write(PARTS[part][words is _ENGLISH]))
            yield from found
    coverage = minutes.coverage
    if coverage.covered < coverage.segments:
        note = f"{write(words.covers)} {coverage.covered} / {coverage.segments} {write(words.segments)}"
        yield Entry(Kind.NOTE, note.rstrip())


def file_title(minutes: MinutesContent, title: str) -> str:
    """The title of the file of these minutes."""
    return minutes.title or title or (_CHINESE if minutes.language == "zh" else _ENGLISH).title


def _about_meeting(
    meeting: Meeting, document: Document, words: _Words, form: WrittenForm, properties: FileProperties
) -> Iterator[Entry]:
    chinese = words is _CHINESE

    def moment(at: datetime) -> str:
        return f"{written_date(at.date(), chinese=chinese)} {at:%H:%M}"

    held = properties.held and written_date(properties.held, chinese=chinese)
    people = meeting.attendees or [speaker.name for speaker in document.speakers if speaker.name]
    following = [moment(meeting.next_held) if meeting.next_held else "", meeting.next_place]
    facts = (
        (words.held, moment(meeting.held) if meeting.held else held or ""),
        (words.place, meeting.place),
        (words.attendees, words.comma.join(people)),
        (words.next, words.comma.join(filter(None, following))),
    )
    for label, value in facts:
        if value:
            yield Entry(Kind.FACT, value, form.write(label))
    for attachment in meeting.attachments:
        yield Entry(Kind.FACT, attachment.name, form.write(words.attachments), url=attachment.url)


def _part(part: str, minutes: MinutesContent, times: dict[str, str], doubt: str) -> Iterator[Entry]:
    def entry(kind: Kind, one: Statement, lead: str = "", done: bool = False) -> Entry:
        places = tuple(times[id] for id in one.evidence[:_MAX_TIMES] if id in times)
        return Entry(kind, one.text, lead, places, doubt if one.doubtful else "", done)

    if part == "headline" and minutes.headline:
        yield entry(Kind.HEADLINE, minutes.headline)
    elif part == "keywords" and minutes.keywords:
        yield Entry(Kind.TEXT, " · ".join(minutes.keywords))
    elif part == "topics":
        for topic in minutes.topics:
            yield Entry(Kind.ITEM, f"{clock(topic.start)}–{clock(topic.end)}", topic.title)
            yield from (entry(Kind.POINT, point) for point in topic.points)
    elif part == "actions":
        yield from (entry(Kind.TASK, one, _who_and_when(one), one.done) for one in minutes.actions)
    elif part == "speakers":
        yield from (entry(Kind.ITEM, one, one.name) for one in minutes.speakers)
    elif part in ("overview", "decisions", "questions"):
        statements: Sequence[Statement] = getattr(minutes, part)
        yield from (entry(Kind.ITEM, one) for one in statements)


def _who_and_when(action: Action) -> str:
    when = action.due.isoformat() if action.due else action.when
    return " · ".join(fact for fact in (action.who, when) if fact)
