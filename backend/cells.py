"""The cells of a CSV: text, whatever stands in them. A spreadsheet would run what looks like a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

#: Tells Excel that a file is UTF-8; without it, Chinese is read as something else.
MARK = "\ufeff"

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> str:
    """A spreadsheet runs what begins like a formula; an apostrophe makes it text."""
    text = "" if value is None else str(value).replace("\0", "")
    return f"'{text}" if text.lstrip(" ")[:1] in _BEGINS_A_FORMULA else text


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """The rows as CSV (RFC 4180), every cell safe."""
    text = io.StringIO()
    csv.writer(text).writerows([safe_cell(value) for value in row] for row in rows)
    return text.getvalue()
