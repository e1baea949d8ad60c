"""The page as an installed app, under a path: manifest, frame without a network, and recordings from other apps."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend.page import is_built
from tests.proxies import free_port
from tests.serving import Server
from tests.web.conftest import errors_of, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: Sends a form as Android does when another app shares a file with this one.
_SHARE = """
const form = Object.assign(document.createElement("form"), {
  method: "POST", enctype: "multipart/form-data", action: new URL("share-recording", document.baseURI) });
form.innerHTML = '<input type="file" name="recordings" aria-label="shared">';
document.body.append(form);
"""


@pytest.fixture
def under_a_path(tmp_path: Path) -> Iterator[Server]:
    if not is_built():
        pytest.skip("the web page is not built: run `npm ci && npm run build` in frontend/")
    server = Server(tmp_path, PUBLIC_URL=f"http://127.0.0.1:{free_port()}/asr/")
    server.start()
    yield server
    server.close()


def test_a_shared_recording_opens_the_upload_dialog_and_the_frame_needs_no_network(
    browser: "Browser", under_a_path: Server, sound: Path
) -> None:
    base = f"{str(under_a_path.client.base_url).rstrip('/')}/asr/"
    context = browser.new_context(base_url=base, locale="zh-CN", reduced_motion="reduce")
    context.set_default_timeout(60_000)
    page = context.new_page()
    errors = errors_of(page)
    sign_in(page)
    assert page.evaluate("navigator.serviceWorker.ready.then((one) => one.scope)") == base
    manifest = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((one) => one.json())")
    assert manifest["share_target"]["params"]["files"][0]["name"] == "recordings"
    for icon in manifest["icons"]:
        assert (
            page.evaluate("(src) => fetch(src).then((one) => one.headers.get('content-type'))", icon["src"])
            == (icon["type"])
        )

    page.goto(base)
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.evaluate(_SHARE)
    page.get_by_label("shared").set_input_files(sound)
    page.evaluate("document.forms[document.forms.length - 1].submit()")
    page.get_by_role("dialog").get_by_text(sound.name).wait_for()
    assert page.url == base

    assert errors == []
    context.set_offline(True)
    page.goto(base)
    page.get_by_text("没有网络").wait_for()
    context.close()
