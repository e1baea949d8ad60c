"""What people change in minutes, and how a model's new minutes are joined with it. Pure.

A statement that a person wrote or changed is marked `edited`. What a person changed or deleted is remembered in
`removed`, so that no later minutes of a model bring it back."""

from collections.abc import Sequence
from typing import TypeVar

from backend.minutes.evidence import indexes_without_duplicates
from backend.minutes.schema import MinutesContent, Statement, Topic

#: Parts that are lists of statements or topics.
PARTS = ("overview", "topics", "decisions", "actions", "questions", "speakers")
#: Remembered statements of a part.
_MAX_REMOVED = 500

_Item = TypeVar("_Item", Statement, Topic)


def mark_edits(base: MinutesContent, edited: MinutesContent) -> MinutesContent:
    """`edited` with its marks set, by comparing it with the version it is based on."""
    changes: dict[str, object] = {}
    removed = dict(base.removed)
    for part in PARTS:
        before, after = getattr(base, part), getattr(edited, part)
        changes[part] = marked = [_marked(one, before) for one in after]
        gone = [_statement(one) for one in before if not any(_same(one, other) for other in marked)]
        removed[part] = [*removed.get(part, ()), *(one for one in gone if not one.edited)][-_MAX_REMOVED:]
    headline = edited.headline and _marked(edited.headline, [base.headline] if base.headline else [])
    fields = {name for name in ("title", "keywords") if getattr(base, name) != getattr(edited, name)}
    if headline != base.headline:
        fields.add("headline")
    return edited.model_copy(
        update={
            **changes,
            "headline": headline,
            "removed": {part: found for part, found in removed.items() if found},
            "edited": sorted({*base.edited, *fields}),
        }
    )


def join(current: MinutesContent, proposed: MinutesContent) -> MinutesContent:
    """The proposal with everything in it that a person wrote, ticked or entered, and without what a person removed."""
    changes: dict[str, object] = {part: _joined(part, current, proposed) for part in PARTS}
    kept: dict[str, object] = {
        name: getattr(current, name) for name in ("title", "keywords", "headline") if name in current.edited
    }
    person = {"meeting": current.meeting, "edited": current.edited, "removed": current.removed}
    return proposed.model_copy(update={**changes, **kept, **person})


def _joined(part: str, current: MinutesContent, proposed: MinutesContent) -> list[Statement] | list[Topic]:
    ours = getattr(current, part)
    kept = [one for one in ours if one.edited]
    known = [*map(_statement, kept), *current.removed.get(part, ())]
    new = getattr(proposed, part)
    fresh = indexes_without_duplicates([*known, *map(_statement, new)])
    found = [new[place - len(known)] for place in fresh if place >= len(known)]
    if part == "speakers":  # one note for each speaker
        found = [note for note in found if note.speaker not in {one.speaker for one in kept}]
    for one in kept:
        found.insert(min(ours.index(one), len(found)), one)
    return found


def _marked(one: _Item, before: Sequence[_Item]) -> _Item:
    for other in before:
        if _same(one, other):
            return other
    update: dict[str, object] = {"edited": True}
    if isinstance(one, Statement):
        update["doubtful"] = False  # a person answers for it
    else:
        known = [point for topic in before if isinstance(topic, Topic) for point in topic.points]
        update["points"] = [_marked(point, known) for point in one.points]
    return one.model_copy(update=update)


def _same(one: _Item, other: _Item) -> bool:
    return _unmarked(one) == _unmarked(other)


def _unmarked(one: _Item) -> dict[str, object]:
    values = one.model_dump(exclude={"edited", "doubtful"})
    if isinstance(one, Topic):
        values["points"] = [_unmarked(point) for point in one.points]
    return values


def _statement(one: Statement | Topic) -> Statement:
    text = one.title if isinstance(one, Topic) else one.text
    return Statement(text=text, evidence=one.evidence, edited=one.edited)
