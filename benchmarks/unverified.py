"""The child of an engine as `backend.engines.child`, for weights that were made up: no catalogue knows their hashes."""

import sys

from backend.engines import child
from backend.engines.ports import Home
from backend.weights import store

if __name__ == "__main__":
    store.verify = lambda *_model: None  # type: ignore[assignment]
    child.main(sys.argv[1], Home.from_json(sys.argv[2]))
