"""Helpers for tests of the language model panels beside the transcript."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from tests.serving import Server

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

HOSTILE = "<img src=x onerror=alert(1)>"


class FailingModel(Protocol):
    """A scripted language model that fails while `fails` is set."""

    fails: bool


def newest(server: Server, recording: str) -> dict[str, Any]:
    answer: dict[str, Any] = server.client.get(f"/api/recordings/{recording}/transcript").raise_for_status().json()
    return answer


def texts(server: Server, recording: str) -> list[str]:
    return [one["text"] for one in newest(server, recording)["document"]["segments"]]


def open_tab(page: "Page", tab: str) -> None:
    """Open a tab of the panel; 润色 and 修复 are the two parts of one."""
    if part := {"润色": "字词", "修复": "断句"}.get(tab):
        open_tab(page, "校对")
        page.get_by_role("radiogroup", name="校对").get_by_text(part, exact=True).click()
        return
    page.get_by_role("radiogroup", name="侧栏").get_by_text(tab, exact=True).click()


def playing_segment(page: "Page") -> Any:
    return page.evaluate("document.querySelector('[data-playing]')?.dataset.segment")


@contextmanager
def failing_once(model: FailingModel, panel: "Locator", button: str) -> Iterator[None]:
    """Start a job that fails; after the block, let the model work and retry from the warning."""
    model.fails = True
    panel.get_by_role("button", name=button).click()
    panel.get_by_text("语言模型不接受服务器的密钥").wait_for()
    yield
    model.fails = False
    panel.get_by_role("button", name="再试一次").click()
