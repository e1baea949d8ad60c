"""The house of the shares' tests: it has the routes of exports too."""

from tests.shares.conftest import document, home, house  # noqa: F401  (fixtures)
