"""User input is shown as text in the page: no script in it runs, and the CSP never has to block one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend.page import is_built
from tests.serving import Server
from tests.web.conftest import browser, sign_in  # noqa: F401  (a fixture)
from tests.web.sounds import talk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = [
    "<script>window.ran=1</script>",
    "<img src=x onerror='window.ran=1'>",
    "<svg onload=window.ran=1>",
    "[点这里](javascript:window.ran=1)",
    '![图](x" onerror="window.ran=1)',
    "javascript:window.ran=1",
    "{{constructor.constructor('window.ran=1')()}}",
    "</textarea><iframe srcdoc='<script>parent.ran=1</script>'>",
]
#: Counts CSP violations and detects dialogs.
_DETECTOR = """
window.violations = 0;
document.addEventListener("securitypolicyviolation", () => window.violations++);
for (const name of ["alert", "confirm", "prompt"]) window[name] = () => { window.ran = 1; };
"""


@pytest.fixture(scope="module")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not is_built():
        pytest.skip("the web page is not built: run `npm ci && npm run build` in frontend/")
    folder = tmp_path_factory.mktemp("server")
    sentences = [{"start": 4.0 * k, "end": 4.0 * k + 3, "text": text, "voice": "A"} for k, text in enumerate(HOSTILE)]
    (folder / "script.json").write_text(json.dumps({"sentences": sentences}))
    server = Server(folder, SCRIPT=str(folder / "script.json"))
    server.start()
    yield server
    server.close()


@pytest.fixture
def recording(page_server: Server, tmp_path: Path) -> str:
    audio = talk(tmp_path / "a.wav", seconds=35)
    id, job = page_server.upload(audio)
    assert page_server.ended(job)["status"] == "done"
    path = f"/api/recordings/{id}"
    page_server.client.patch(path, json={"name": HOSTILE[1]}).raise_for_status()
    page_server.client.patch(f"{path}/transcript/speakers/S1", json={"name": HOSTILE[0]}).raise_for_status()
    return id


def test_stored_text_is_never_run_by_the_browser(page_server: Server, browser: "Browser", recording: str) -> None:  # noqa: F811
    context = browser.new_context(base_url=str(page_server.client.base_url), locale="zh-CN")
    context.add_init_script(_DETECTOR)
    page = context.new_page()
    sign_in(page)

    for address in ("/", f"/recordings/{recording}"):
        page.goto(address)
        page.get_by_text("onerror" if address == "/" else "javascript:window.ran=1").first.wait_for()
        assert nothing_ran(page)
    displayed = page.get_by_role("list", name="文稿").inner_text()
    context.close()

    assert [text for text in HOSTILE if text not in displayed] == []


def nothing_ran(page: "Page") -> bool:
    """No script ran, none was blocked, and none of the markup became an element."""
    page.wait_for_load_state("networkidle")
    found: list[object] = page.evaluate(
        "[window.ran ?? 0, window.violations, document.querySelectorAll('iframe, svg[onload], img[onerror]').length]"
    )
    assert found == [0, 0, 0]
    return True
