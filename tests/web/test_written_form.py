"""Numbers and scripts in the editor: what is shown, what is edited, what is stored."""

from typing import TYPE_CHECKING, Any

from tests.serving import Server, until
from tests.web.test_editor import newest, put, recording, rows  # noqa: F401  (a fixture)
from tests.web.test_journeys import open_editor

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

HEARD = "二零二六年用三百二十万买软件。"


def say_numbers(document: dict[str, Any]) -> None:
    words = [[character, at / 4, at / 4 + 0.2] for at, character in enumerate(HEARD[:-1])]
    document["segments"][0] |= {"text": HEARD, "words": words}


def test_what_is_being_typed_stays_when_the_numbers_arrive(
    page: "Page",
    server: Server,
    recording: str,  # noqa: F811
) -> None:
    held: list[Route] = []
    put(server, recording, say_numbers)
    page.route("**/written-form", lambda route: held.append(route))
    open_editor(page, recording)
    text = rows(page).first.get_by_role("textbox")
    text.focus()
    text.press("End")
    page.keyboard.type("一次")
    until(lambda: bool(page.wait_for_timeout(50) or held))

    with page.expect_response("**/written-form"):
        held.pop(0).continue_()
    page.keyboard.type("就好")
    text.press("Escape")

    until(lambda: newest(server, recording)["document"]["segments"][0]["text"] == f"{HEARD}一次就好")


def test_numbers_are_shown_as_people_write_them_and_edited_as_they_were_heard(
    page: "Page",
    server: Server,
    recording: str,  # noqa: F811
) -> None:
    put(server, recording, say_numbers)
    open_editor(page, recording)
    text = rows(page).first.get_by_role("textbox")

    # Shown as people write them; what was heard appears on hovering and on clicking.
    text.get_by_text("320万").wait_for()
    assert "2026年用320万买软件。" == text.text_content()
    assert "听到的是：三百二十万" == text.get_by_text("320万").get_attribute("title")
    text.get_by_text("320万").click()
    assert HEARD == text.text_content()
    page.get_by_label("播放器").get_by_text("00:01", exact=True).wait_for()  # where the number was said
    assert 6 <= page.evaluate("getSelection().focusOffset") <= 11

    # What is typed stands where the caret is; the stored text is what was heard.
    text.press("End")
    page.keyboard.type("一次")
    text.press("Escape")
    until(lambda: newest(server, recording)["document"]["segments"][0]["text"] == f"{HEARD}一次")
    text.get_by_text("320万").wait_for()
    assert "2026年用320万买软件。一次" == text.text_content()

    # Found in both forms.
    page.keyboard.press("Control+f")
    for query in ("2026年", "二零二六年", "320万"):
        page.get_by_label("查找内容").fill(query)
        page.get_by_text("第 1 处，共 1 处").wait_for()
    page.keyboard.press("Escape")

    # The script, and the switch, which is remembered.
    page.get_by_role("button", name="简体与繁體").click()
    page.get_by_role("menuitem", name="繁體（台灣，含用词）").click()
    text.get_by_text("軟體").wait_for()
    assert "2026年用320萬買軟體。一次" == text.text_content()
    page.get_by_role("button", name="数字写法", pressed=True).click()
    text.get_by_text("三百二十萬").wait_for()
    page.reload()
    text.get_by_text("三百二十萬買軟體").wait_for()
    assert f"{HEARD}一次" == newest(server, recording)["document"]["segments"][0]["text"]
