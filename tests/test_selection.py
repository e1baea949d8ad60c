"""Files move; what is listed by its path must move with them."""

import pytest

from tests import selection
from tests.serving import ROOT


@pytest.mark.parametrize("path", sorted({*selection.SLOW, *selection.SQLITE_ONLY}))
def test_every_listed_path_exists(path: str) -> None:
    assert (ROOT / path).exists()
