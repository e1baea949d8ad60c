"""What the routes of recordings and uploads need beside the session and the user."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import SettingsDep, from_app_state
from backend.accounts.tables import User
from backend.background import BackgroundTasks
from backend.recordings.files import Storage
from backend.recordings.upload_receiver import UploadReceiver
from backend.settings import Settings


def _storage(settings: SettingsDep) -> Storage:
    return Storage(settings.uploads_dir)


StorageDep = Annotated[Storage, Depends(_storage)]
UploadReceiverDep = Annotated[UploadReceiver, Depends(from_app_state("upload_receiver"))]
BackgroundTasksDep = Annotated[BackgroundTasks, Depends(from_app_state("background_tasks"))]
#: Raises where the quotas of the user leave no room for a file of so many bytes. Quotas count jobs too, which this
#: package does not know: the app passes the function in.
CheckUploadQuota = Callable[[AsyncSession, User, Settings, int], Awaitable[None]]
CheckUploadQuotaDep = Annotated[CheckUploadQuota, Depends(from_app_state("check_upload_quota"))]
