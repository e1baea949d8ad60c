"""Work that is independent of its order, done by several threads, and had in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def side_by_side(work: Callable[[Given], Made], given: Iterable[Given], workers: int) -> Iterator[Made]:
    """What `work` makes of each, in the order given. So many are at work at once, and hardly more are begun before what
    they make is asked for. An error comes in its place, and what has not begun by then never does. One worker is the
    caller itself."""
    if workers == 1:
        yield from map(work, given)
        return
    begun: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for one in given:
                begun.append(pool.submit(work, one))
                if len(begun) > workers:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for left in begun:
                left.cancel()
