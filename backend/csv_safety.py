"""CSV files whose cells are always text: a spreadsheet would run a cell that looks like a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

#: Byte order mark: without it Excel does not read a CSV as UTF-8.
UTF8_BOM = "\ufeff"

_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape_cell(value: object) -> str:
    """The cell as text. An apostrophe is put before what a spreadsheet would run as a formula."""
    text = "" if value is None else str(value).replace("\0", "")
    return f"'{text}" if text.lstrip(" ")[:1] in _FORMULA_PREFIXES else text


def to_csv(rows: Iterable[Sequence[object]]) -> str:
    """The rows as CSV (RFC 4180), with every cell escaped."""
    text = io.StringIO()
    csv.writer(text).writerows([escape_cell(value) for value in row] for row in rows)
    return text.getvalue()
