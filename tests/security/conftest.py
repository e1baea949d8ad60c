"""The same demo server and recording as for the jobs, one for each module."""

from tests.jobs.api.conftest import recording, server, stranger  # noqa: F401  (fixtures)
from tests.security.world import world  # noqa: F401
