"""What every review begins with: what was made, of which version, and what it cost."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from backend.minutes.form import Used
from backend.minutes.tables import Polish, Repair


class ReviewedAnswer(BaseModel):
    """`base` is the version that was read, `newest` the one to review it in."""

    base: int
    newest: int
    model: str
    job_id: str | None
    created_at: datetime
    used: Used


def head(found: Polish | Repair, newest: int) -> dict[str, Any]:
    """The fields of a ReviewedAnswer."""
    return {
        "base": found.base,
        "newest": newest,
        "model": found.model,
        "job_id": found.job_id,
        "created_at": found.created_at,
        "used": Used(calls=found.calls, prompt_tokens=found.prompt_tokens, completion_tokens=found.completion_tokens),
    }
