"""Minutes as Markdown, plain text and HTML. Spoken text never becomes markup."""

from collections.abc import Iterable
from html import escape

from backend.minutes.outline import Entry, Kind
from backend.transcripts.export import escape_markdown

_LISTED = (Kind.FACT, Kind.ITEM, Kind.POINT, Kind.TASK)
_TAGS = {Kind.TITLE: "h1", Kind.HEADING: "h2", Kind.NOTE: "blockquote"}


def markdown(entries: Iterable[Entry]) -> str:
    """The whole file. Neighbouring items are one list."""
    text = ""
    before: Kind | None = None
    for entry in entries:
        together = before in _LISTED and entry.kind in _LISTED
        text += ("\n" if together else "\n\n" if text else "") + _markdown_line(entry)
        before = entry.kind
    return f"{text}\n"


def plain(entries: Iterable[Entry]) -> str:
    """The whole file without any markup."""
    marks = {Kind.ITEM: "• ", Kind.POINT: "  - ", Kind.FACT: ""}
    lines: list[str] = []
    for entry in entries:
        lead = f"{entry.lead}{'：' if entry.kind is Kind.FACT else ''} " if entry.lead else ""
        mark = ("☑ " if entry.done else "☐ ") if entry.kind is Kind.TASK else marks.get(entry.kind, "")
        behind = [f"⟨{entry.doubt}⟩" if entry.doubt else "", f"({', '.join(entry.times)})" if entry.times else ""]
        gap = "\n" if lines and entry.kind in (Kind.HEADING, Kind.NOTE) else ""
        lines.append(gap + " ".join(filter(None, [f"{mark}{lead.lstrip()}{entry.text}", entry.url, *behind])))
    return "\n".join(lines) + "\n"


def html(entries: Iterable[Entry]) -> str:
    """A fragment to paste as rich text."""
    parts: list[str] = []
    listed = False
    for entry in entries:
        if listed is not (entry.kind in _LISTED):
            listed = not listed
            parts.append("<ul>" if listed else "</ul>")
        content = _html_content(entry)
        if entry.kind is Kind.POINT:
            parts.append(f'<li style="margin-left:2em">{content}</li>')
        else:
            tag = "li" if listed else _TAGS.get(entry.kind, "p")
            parts.append(f"<{tag}>{content}</{tag}>")
    return "".join([*parts, "</ul>" if listed else ""])


def _markdown_line(entry: Entry) -> str:
    lead = f"**{escape_markdown(entry.lead)}** " if entry.lead else ""
    text = escape_markdown(entry.text)
    if entry.url:
        text = f"[{text}](<{entry.url}>)"
    if entry.kind is Kind.NOTE:
        return f"> {entry.text}"
    doubt = f" ⟨{entry.doubt}⟩" if entry.doubt else ""
    times = f" *{', '.join(map(escape_markdown, entry.times))}*" if entry.times else ""
    if entry.kind is Kind.HEADLINE:
        return f"**{text}{doubt}{times}**"
    marks = {
        Kind.TITLE: "# ",
        Kind.HEADING: "## ",
        Kind.TEXT: "",
        Kind.POINT: "  - ",
        Kind.TASK: "- [x] " if entry.done else "- [ ] ",
    }
    return f"{marks.get(entry.kind, '- ')}{lead}{text}{doubt}{times}"


def _html_content(entry: Entry) -> str:
    mark = ("☑ " if entry.done else "☐ ") if entry.kind is Kind.TASK else ""
    lead = f"<strong>{escape(entry.lead)}</strong> " if entry.lead else ""
    text = escape(entry.text)
    if entry.url:
        text = f'<a href="{escape(entry.url)}">{text}</a>'
    doubt = f" ⟨{escape(entry.doubt)}⟩" if entry.doubt else ""
    times = f" <em>{', '.join(entry.times)}</em>" if entry.times else ""
    return f"{mark}{lead}{text}{doubt}{times}"
