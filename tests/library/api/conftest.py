"""A demo server for each module, and a recording to send to it."""

from tests.jobs.api.conftest import other_user, recording, server  # noqa: F401  (fixtures)
