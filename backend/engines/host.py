"""The host of one engine: it owns the child process that runs the engine, and lets requests share it in turns."""

import asyncio
import itertools
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.engines.child_process import ChildProcess, start
from backend.engines.protocols import EngineContext, EngineError, ProgressCallback, WaitCallback, ignore_wait
from backend.engines.turns import BATCH, Claim, FairTurns, Priority

logger = logging.getLogger(__name__)

#: The detail of the error for requests that come during shutdown.
STOPPING = "The server is stopping."
#: A request that others wait for has this long before it is asked to yield.
_SLICE_SECONDS = 10.0
#: A request with at most so much audio left has this long to end before it is asked: to switch twice would take longer.
_NEARLY_DONE_AUDIO_SECONDS, _FINISH_SECONDS = 30.0, 20.0
#: A request that was asked to yield and does not is given up: something in it hangs.
_MAX_YIELD_SECONDS = 600.0
#: How long a cancelled request may take to end by itself, where killing the process would cost others their work.
_STOP_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class _Request:
    """`child` is the process that has begun it, and may have suspended it."""

    claim: Claim
    message: Mapping[str, Any]
    progress: Callable[[float, float], None]
    on_wait: WaitCallback
    outcome: "asyncio.Future[None]"
    child: ChildProcess | None = None
    place: int | None = -1  #: as told last

    def report(self, done: float, total: float) -> None:
        self.claim.seconds_left = max(total - done, 0.0)
        self.progress(done, total)

    def fail(self, error: BaseException) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)

    def tell_place(self, place: int | None) -> None:
        if place != self.place:
            self.place = place
            self.on_wait(place)


@dataclass(slots=True, eq=False)
class _Turn:
    """The turn of one request; `overdue` once it has to yield to whoever comes."""

    request: _Request
    timer: asyncio.TimerHandle | None = None  #: until it is overdue
    overdue: bool = False
    pausing: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class EngineHost:
    """Starts the child process on the first request and again after it died; stops it when it is idle or uses too
    much memory."""

    def __init__(
        self,
        name: str,
        context: EngineContext,
        *,
        idle_seconds: float,
        memory_bytes: float,
        slice_seconds: float = _SLICE_SECONDS,
        finish_seconds: float = _FINISH_SECONDS,
        max_yield_seconds: float = _MAX_YIELD_SECONDS,
    ) -> None:
        self.name = name
        self._context = context
        self._idle_seconds = idle_seconds
        self._memory_bytes = memory_bytes
        self._slice_seconds = slice_seconds
        self._finish_seconds = finish_seconds
        self._max_yield_seconds = max_yield_seconds
        self._numbers = itertools.count()
        self._fair_turns = FairTurns()
        self._requests: list[_Request] = []
        self._turn: _Turn | None = None
        self._loop: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._child: ChildProcess | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._served = 0
        self._closed = False

    async def run(
        self,
        message: Mapping[str, Any],
        progress: ProgressCallback,
        priority: Priority = BATCH,
        on_wait: WaitCallback = ignore_wait,
    ) -> None:
        """Run one request, in turns with the others. Raises EngineError.

        A request whose process dies in the turn of another one goes on in the next process, from its checkpoint.
        Cancelling ends it within two seconds."""
        if self._closed:
            raise EngineError("engine_died", STOPPING, retry=True)
        claim = Claim(next(self._numbers), priority, priority.seconds or math.inf)
        outcome = asyncio.get_running_loop().create_future()
        request = _Request(claim, message, _monotonic(progress), on_wait, outcome)
        self._requests.append(request)
        self._cancel_idle_timer()
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._take_turns(), name=f"turns of {self.name}")
        elif self._turn is not None and (self._turn.overdue or priority.interactive):
            self._ask_to_yield(self._turn)
        self._tell_places()
        try:
            await outcome
        finally:
            self._requests.remove(request)
            self._tell_places()
            if outcome.cancelled():
                await self._withdraw(request)

    async def close(self) -> None:
        """Kill the child process, busy or not, and accept no more requests."""
        self._closed = True
        self._cancel_idle_timer()
        if self._child is not None:
            await self._child.end()
        for request in self._requests:
            if self._turn is None or request is not self._turn.request:
                request.fail(EngineError("engine_died", STOPPING, retry=True))
        if self._loop is not None:
            await self._loop

    async def unload(self, *, at_work: bool = False) -> bool:
        """Stop the child process until the next request. Returns whether that was done: a busy process is stopped only
        with `at_work`. Its request then fails, and its job starts again."""
        if self._turn is not None and not at_work:
            return False
        if self._child is not None and self._child.alive:
            await self._child.end()
        return True

    async def restart(self, *, at_work: bool = False) -> bool:
        """Like `unload`, then start a new child process at once, unless a waiting request does."""
        if not await self.unload(at_work=at_work):
            return False
        if not self._requests and not self._closed:
            await self._running_child()
            self._start_idle_timer()
        return True

    def state(self) -> dict[str, Any]:
        """The state that administrators see."""
        child = self._child if self._child is not None and self._child.alive else None
        return {
            "name": self.name,
            "alive": child is not None,
            "pid": child.pid if child else None,
            "memory": child.memory() if child else 0,
            "busy": self._turn is not None,
            "waiting": len(self._requests) - (self._turn is not None and self._turn.request in self._requests),
            "served": self._served,
        }

    async def _take_turns(self) -> None:
        """Give turns until no request is left."""
        loop = asyncio.get_running_loop()
        while waiting := [request for request in self._requests if not request.outcome.done()]:
            claim = self._fair_turns.choose([request.claim for request in waiting])
            request = next(one for one in waiting if one.claim is claim)
            self._turn = turn = _Turn(request)
            self._tell_places()
            begun = loop.time()
            try:
                await self._give_turn(turn)
            except EngineError as error:
                if error.code in ("engine_died", "out_of_memory") and self._child is not None:
                    await self._child.end()
                request.fail(error)
            except Exception as error:  # of a callback
                if self._child is not None:
                    await self._child.end()
                request.fail(error)
            finally:
                self._fair_turns.charge(claim, loop.time() - begun)
                self._turn = None
                turn.ended.set()
            await asyncio.sleep(0)  # whoever waits for the outcome leaves the list
        self._start_idle_timer()

    async def _give_turn(self, turn: _Turn) -> None:
        request = turn.request
        child = await self._running_child()
        if self._closed:
            raise EngineError("engine_died", STOPPING, retry=True)
        if request.outcome.done():  # cancelled during the start
            if not self._requests:
                await child.end()
            return
        begun = request.child is child
        request.child = child
        child.send({"id": request.claim.number, **({"turn": True} if begun else request.message)})
        turn.timer = asyncio.get_running_loop().call_later(self._slice_seconds, self._slice_over, turn)
        try:
            memory = await self._read_answers(request, child)
        finally:
            turn.timer.cancel()
        if memory is None:
            return
        self._served += 1
        if memory > self._memory_bytes:
            logger.info("Engine recycled", extra={"engine": self.name, "memory": memory})
            await child.end()

    async def _read_answers(self, request: _Request, child: ChildProcess) -> int | None:
        """Until the turn ends. The memory of the process if the request has ended as well, in bytes."""
        async for answer in child.answers():
            if answer.get("id") != request.claim.number:
                continue  # of a request that was cancelled
            if "progress" in answer:
                request.report(*answer["progress"])
            elif "done" in answer:
                if not request.outcome.done():
                    request.outcome.set_result(None)
                return int(answer["memory"])
            elif "error" in answer:
                error = EngineError(**answer["error"])
                if error.code == "engine_failed":
                    logger.warning("Engine failed", extra={"engine": self.name, "trace": answer["trace"]})
                raise error
            else:  # yielded or stopped
                return None
        raise AssertionError("unreachable")

    def _slice_over(self, turn: _Turn) -> None:
        if turn.request.claim.seconds_left > _NEARLY_DONE_AUDIO_SECONDS:
            self._turn_over(turn)
        else:
            turn.timer = asyncio.get_running_loop().call_later(self._finish_seconds, self._turn_over, turn)

    def _turn_over(self, turn: _Turn) -> None:
        turn.overdue = True
        if len(self._requests) > 1:
            self._ask_to_yield(turn)

    def _ask_to_yield(self, turn: _Turn) -> None:
        child = turn.request.child
        if turn.pausing or child is None:
            return
        turn.pausing = True
        child.send({"id": turn.request.claim.number, "pause": True})
        asyncio.get_running_loop().call_later(self._max_yield_seconds, self._give_up, turn, child)

    def _give_up(self, turn: _Turn, child: ChildProcess) -> None:
        if not turn.ended.is_set():
            logger.warning("Engine did not yield", extra={"engine": self.name, "seconds": self._max_yield_seconds})
            child.kill()

    async def _withdraw(self, request: _Request) -> None:
        """End a cancelled request in the child process. Its memory of others is kept where that is possible."""
        child, turn = request.child, self._turn
        if turn is None or turn.request is not request:
            if child is not None and child.alive:
                child.send({"id": request.claim.number, "stop": True})
            return
        if child is not None:
            if any(other.child is child for other in self._requests):
                child.send({"id": request.claim.number, "stop": True})
                await asyncio.wait([asyncio.ensure_future(turn.ended.wait())], timeout=_STOP_SECONDS)
            if not turn.ended.is_set():
                await child.end()
        await turn.ended.wait()

    def _tell_places(self) -> None:
        """Tell who waits how many come before; between two turns there is nothing to tell."""
        if self._turn is None:
            return
        current = self._turn.request
        waiting = [request for request in self._requests if not request.outcome.done()]
        claims = [request.claim for request in waiting if request is not current]
        for request in waiting:
            ahead = self._fair_turns.place_of(request.claim, claims)
            request.tell_place(None if request is current else ahead + 1)

    async def _running_child(self) -> ChildProcess:
        async with self._starting:
            if self._child is None or not self._child.alive:
                self._child = await start(self.name, self._context)
            return self._child

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _start_idle_timer(self) -> None:
        self._cancel_idle_timer()
        if not self._closed:
            self._idle_timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._stop_if_idle)

    def _stop_if_idle(self) -> None:
        if self._child is not None and self._child.alive and self._turn is None:
            logger.info("Engine stopped", extra={"engine": self.name, "idle_seconds": self._idle_seconds})
            self._child.kill()


def _monotonic(progress: ProgressCallback) -> Callable[[float, float], None]:
    """Passes progress on only if it is finite and grows; cut at the total."""
    best = -1.0

    def report(done: float, total: float) -> None:
        nonlocal best
        if not (math.isfinite(done) and math.isfinite(total)) or total <= 0:
            return
        done = min(max(done, 0.0), total)
        if done > best:
            best = done
            progress(done, total)

    return report
