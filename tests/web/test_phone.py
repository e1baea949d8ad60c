"""On a phone the console is in reach, in the header and in the account menu, and its page does not scroll sideways."""

from typing import TYPE_CHECKING

from tests.web.conftest import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_the_console_is_reached_on_a_phone_and_fits_it(page: "Page") -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page)

    box = page.get_by_role("link", name="管理").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    page.get_by_role("button", name="账号菜单").click()
    page.get_by_role("menuitem", name="管理").click()
    page.get_by_role("cell", name="chief").first.wait_for()

    assert page.url.endswith("/admin")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
