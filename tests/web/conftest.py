"""A real browser before a real server with the built page; without either, a reason."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend.page import built
from tests.language_server import KEY, MODEL, LanguageServer
from tests.serving import PASSWORD, Server
from tests.web.sounds import talk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not built():
        pytest.skip("the web page is not built: run `npm ci && npm run build` in frontend/")
    server = Server(tmp_path_factory.mktemp("house"))
    server.start()
    yield server
    server.close()


@contextmanager
def clever_house(folder: Path, language: LanguageServer) -> Iterator[Server]:
    """A house with a language model."""
    settings = {"OPENAI_BASE_URL": language.url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL_NAME": MODEL}
    server = Server(folder, **settings, OPENAI_ALLOW_PRIVATE="true")
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talk(tmp_path_factory.mktemp("sound") / "周会 <b>录音.wav", seconds=45)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Playwright runs an event loop in this thread as long as it lives, so it must not outlive its module."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(house: Server, browser: "Browser") -> Iterator["Page"]:
    """A fresh window; whatever it complained of fails the test."""
    context = browser.new_context(
        base_url=str(house.client.base_url),
        locale="zh-CN",
        viewport={"width": 1360, "height": 860},
        reduced_motion="reduce",  # a click in the middle of an animation may miss
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    complaints = complaints_of(page)
    yield page
    context.close()
    assert complaints == []


def complaints_of(page: "Page") -> list[str]:
    """What this window will complain of: bugs, errors in its console, and whatever its policy does not let it do."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if said.type == "error" and "Failed to load resource" not in said.text
            else None
        ),
    )
    page.add_init_script("addEventListener('securitypolicyviolation', (one) => console.error(one.violatedDirective))")
    return complaints


def sign_in(page: "Page", username: str = "chief", password: str = PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("heading", name="录音库").wait_for()
