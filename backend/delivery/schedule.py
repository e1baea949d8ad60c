"""When a delivery is tried again, and when a channel counts as failing. Pure."""

from collections.abc import Callable
from datetime import timedelta

#: Seconds from each failed attempt to the next one: the example schedule of Standard Webhooks 1.0, over three days.
DELAYS = (5, 5 * 60, 30 * 60, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24)))
MAX_TRIES = len(DELAYS) + 1

#: A channel that has failed for so long, and so often, is paused.
PAUSE_AFTER = timedelta(hours=24)
PAUSE_TRIES = 4
#: How often a paused channel is tried.
TRIAL_EVERY = timedelta(hours=6)

#: A delivery that waits for a channel is given up after so long.
MAX_WAIT = timedelta(days=7)

#: The longest wish of a receiver (Retry-After) that is granted.
_MAX_RETRY_AFTER = timedelta(days=1)
_JITTER = 0.2


def delay_after(tries: int, random: Callable[[], float], retry_after: float | None = None) -> timedelta | None:
    """The pause after so many failed tries, up to a fifth longer so that the messages of an outage do not all come back
    at once; None: give up. `random` answers from 0 to 1. `retry_after` are the seconds that the receiver asks for."""
    if tries >= MAX_TRIES:
        return None
    delay = timedelta(seconds=DELAYS[tries - 1] * (1 + _JITTER * random()))
    return max(delay, wish(retry_after))


def wish(retry_after: float | None) -> timedelta:
    """The time that a receiver asks for, within limits."""
    return min(timedelta(seconds=max(retry_after or 0, 0)), _MAX_RETRY_AFTER)
