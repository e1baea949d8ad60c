"""Minutes in another script, for a file. Names of people stay as they are."""

from dataclasses import replace
from typing import TypeVar

from backend.minutes.schema import MinutesContent, Statement
from backend.transcripts.document import Document
from backend.transcripts.written_form import WrittenForm

_S = TypeVar("_S", bound=Statement)


def form_of_minutes(minutes: MinutesContent, document: Document, form: WrittenForm) -> WrittenForm:
    """The form with the names of the people in the minutes protected; minutes in other languages are not rewritten."""
    if minutes.language != "zh":
        return WrittenForm()
    speakers = [speaker.name for speaker in document.speakers]
    names = [*speakers, *(note.name for note in minutes.speakers), *(action.who for action in minutes.actions)]
    return replace(form, protected=(*form.protected, *(name for name in names if name)))


def in_written_form(minutes: MinutesContent, form: WrittenForm) -> MinutesContent:
    if form.changes_nothing:
        return minutes

    def statement(one: _S) -> _S:
        return one.model_copy(update={"text": form.write(one.text)})

    return minutes.model_copy(
        update={
            "title": form.write(minutes.title),
            "headline": minutes.headline and statement(minutes.headline),
            "overview": [statement(one) for one in minutes.overview],
            "decisions": [statement(one) for one in minutes.decisions],
            "questions": [statement(one) for one in minutes.questions],
            "speakers": [statement(one) for one in minutes.speakers],
            "actions": [statement(one).model_copy(update={"when": form.write(one.when)}) for one in minutes.actions],
            "topics": [
                one.model_copy(
                    update={"title": form.write(one.title), "points": [statement(point) for point in one.points]}
                )
                for one in minutes.topics
            ],
            "keywords": [form.write(word) for word in minutes.keywords],
        }
    )
