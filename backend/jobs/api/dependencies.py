"""What the routes of jobs need beside the session and the user."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Header

from backend.accounts.dependencies import from_app_state
from backend.background import BackgroundTasks
from backend.events.bus import Bus
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.idempotency import IdempotencyKeys
from backend.jobs.queue import Limits
from backend.jobs.runner import Runner
from backend.recordings.files import Storage


@dataclass(slots=True)
class Services:
    """What the routes share. Created once, when the app starts."""

    storage: Storage
    limits: Limits  #: from the settings; `queue.limits_now` returns the current ones
    bus: Bus
    notifier: ChangeNotifier
    runner: Runner
    background: BackgroundTasks
    idempotency_keys: IdempotencyKeys = field(default_factory=IdempotencyKeys)


ServicesDep = Annotated[Services, Depends(from_app_state("services"))]
#: A request that is sent twice with the same key is executed once.
IdempotencyKey = Annotated[
    str | None,
    Header(description="The same request sent again with this key gets the first response again"),
]
#: The header of a response that is returned again.
REPLAYED = {"Idempotency-Replayed": "true"}
