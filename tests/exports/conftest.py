"""The app of the tests of shares, which has the routes of exports too."""

from tests.shares.conftest import api, document, scenario  # noqa: F401  (fixtures)
