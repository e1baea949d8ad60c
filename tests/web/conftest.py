"""Fixtures: a real browser and a real server with the built page; tests are skipped if either is missing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend.page import is_built
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
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not is_built():
        pytest.skip("the web page is not built: run `npm ci && npm run build` in frontend/")
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.close()


@contextmanager
def server_with_language_model(folder: Path, language: LanguageServer) -> Iterator[Server]:
    """A server with a language model."""
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
    """Playwright runs an event loop in this thread, so it is closed with its module."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(server: Server, browser: "Browser") -> Iterator["Page"]:
    """A new window; errors in its console fail the test."""
    context = browser.new_context(
        base_url=str(server.client.base_url),
        locale="zh-CN",
        viewport={"width": 1360, "height": 860},
        reduced_motion="reduce",  # a click in the middle of an animation may miss
        service_workers="block",  # test_installable.py is about it
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    errors = errors_of(page)
    yield page
    context.close()
    assert errors == []


def errors_of(page: "Page") -> list[str]:
    """Collects page errors, console errors and Content Security Policy violations of this window."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            errors.append(message.text)
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    page.add_init_script("addEventListener('securitypolicyviolation', (one) => console.error(one.violatedDirective))")
    return errors


def sign_in(page: "Page", username: str = "chief", password: str = PASSWORD) -> None:
    page.goto("sign-in")  # below the path of the base address
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("heading", name="录音库").wait_for()
