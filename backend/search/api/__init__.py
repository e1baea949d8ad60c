"""The routes that find what was said."""

from backend.search.api.search import router

__all__ = ["router"]
