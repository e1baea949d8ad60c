"""The documentation: links and paths lead somewhere, Chinese twins have the same structure, settings are current."""

import re
from pathlib import Path

import pytest

from deploy import settings_page

ROOT = Path(__file__).resolve().parent.parent

#: Every page for people: README, CONTRIBUTING, docs/ and those beside the tests.
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *(ROOT / name / "README.md" for name in ("models", "uploads", "tests/security", "tests/faults")),
    ]
)
TWINS = sorted(ROOT.glob("*.zh-CN.md")) + sorted(ROOT.glob("docs/*.zh-CN.md"))

#: A path of the repository in backticks begins with one of these, or is the name of a file with one of these endings.
_FOLDERS = ("backend", "benchmarks", "deploy", "docs", "frontend", "tests", ".ci")
_FILE_NAME = re.compile(r"(?:\./)?[\w.-]+\.(?:md|sh|py|toml|lock|yaml|conf|service)")
#: Named on purpose and not in the repository: placeholders, and what is built.
_NOT_HERE = re.compile(r"NAME|NNNN|frontend/dist")
#: A name of the code in backticks: CamelCase, or with an underscore.
_IDENTIFIER = re.compile(r"(?:[A-Z][a-z]+){2,}|_?[a-z]+(?:_[a-z]+)+|_[a-z]+")

#: Pages that name things of the code, and names in them that are of other programs.
_ABOUT_CODE = ("docs/architecture", "docs/decisions", "docs/api", "CONTRIBUTING")
_OF_OTHERS = {"ProcessPoolExecutor", "huggingface_hub"}


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ .+", prose(page), re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors GitHub gives to the headings of a page."""
    found: set[str] = set()
    for heading in headings(page):
        text = re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower()).replace(" ", "-")
        count = 0
        anchor = text
        while anchor in found:
            count += 1
            anchor = f"{text}-{count}"
        found.add(anchor)
    return found


@pytest.fixture(scope="module")
def file_names() -> set[str]:
    """The name of every file of the repository, without its folder."""
    folders = [ROOT / name for name in ("backend", "benchmarks", "deploy", "docs", "tests")]
    files = [*ROOT.iterdir(), *(file for folder in folders for file in folder.rglob("*"))]
    return {file.name for file in files if file.is_file()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_and_anchor_resolves(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        leads_somewhere = file.exists() and file.is_relative_to(ROOT)
        if not leads_somewhere or (anchor and anchor not in anchors(file)):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_in_backticks_exists(page: Path, file_names: set[str]) -> None:
    if page.name == "CHANGELOG.md":
        pytest.skip("it is about former versions too")
    missing = []
    for text in re.findall(r"`([^`\n]+)`", prose(page)):
        path = text.partition("::")[0].removeprefix("./")
        if _NOT_HERE.search(path):
            continue
        if path.split("/")[0] in _FOLDERS and re.fullmatch(r"[\w.-]+(?:/[\w.-]*)+", path):
            found = (ROOT / path).exists()
        elif re.fullmatch(r"(?:\w+/)+[\w.-]+\.py", path):  # beside a page of the tests
            found = any((place / path).exists() for place in (page.parent, ROOT / "backend", ROOT / "tests"))
        else:
            found = not _FILE_NAME.fullmatch(text) or path in file_names
        if not found:
            missing.append(text)

    assert missing == []


@pytest.mark.parametrize("name", [f"{page}{twin}.md" for page in _ABOUT_CODE for twin in ("", ".zh-CN")])
def test_every_name_of_the_code_in_backticks_exists(name: str) -> None:
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for folder in ("backend", "tests", "deploy")
        for file in (ROOT / folder).rglob("*.py")
        if file != Path(__file__)
    )
    words = set(re.findall(r"\w+", code))
    named = re.findall(r"`([^`\n]+)`", prose(ROOT / name))

    assert [text for text in named if _IDENTIFIER.fullmatch(text) and text not in words | _OF_OTHERS] == []


@pytest.mark.parametrize("name", ["troubleshooting.md", "troubleshooting.zh-CN.md"])
def test_every_quoted_message_is_one_that_the_program_prints(name: str) -> None:
    sources = [*(ROOT / "backend").rglob("*.py"), ROOT / "deploy" / "setup.sh"]
    text = "".join(file.read_text(encoding="utf-8") for file in sources)
    text = re.sub(r'"\s*\n\s*f?"', "", text)  # a sentence over several lines is one sentence
    symptoms = re.findall(r"^\| (.+?) \|", prose(ROOT / "docs" / name), re.MULTILINE)
    quoted = [message for symptom in symptoms for message in re.findall(r"`([^`]+)`", symptom) if " " in message]
    parts = [part.strip() for message in quoted for part in message.split("…") if part.strip()]
    elsewhere = ("ffmpeg -i",)  # a command

    missing = [part for part in parts if part not in text and not part.startswith(elsewhere)]

    assert len(parts) > 10
    assert missing == []


def test_the_readme_fits_five_minutes_and_starts_early() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()

        assert len(lines) < 150, name
        first = "\n".join(lines[:40])
        assert "./start_backend.sh" in first, name
        assert "create_super_admin.py" in first, name


def test_the_glossary_is_short() -> None:
    rows = re.findall(r"^\| \*\*", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert 20 <= len(rows) <= 40


def test_every_page_of_the_docs_has_a_chinese_twin() -> None:
    english = {page.name.removesuffix(".md") for page in ROOT.glob("docs/*.md") if ".zh-CN" not in page.name}
    chinese = {page.name.removesuffix(".zh-CN.md") for page in ROOT.glob("docs/*.zh-CN.md")}

    assert english == chinese
    assert (ROOT / "README.zh-CN.md") in TWINS


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: str(twin.relative_to(ROOT)))
def test_both_languages_have_the_same_structure(twin: Path) -> None:
    english = twin.with_name(twin.name.replace(".zh-CN", ""))

    def structure(page: Path) -> tuple[list[int], int, int, int]:
        text = page.read_text(encoding="utf-8")
        levels = [len(heading) - len(heading.lstrip("#")) for heading in headings(page)]
        rows = len(re.findall(r"^\|", prose(page), re.MULTILINE))
        return levels, rows, len(re.findall(r"!\[", text)), len(re.findall(r"^ *```", text, re.MULTILINE))

    assert structure(english) == structure(twin)
    assert f"({english.name})" in twin.read_text(encoding="utf-8")
    assert f"({twin.name})" in english.read_text(encoding="utf-8")


def test_the_pages_of_settings_and_the_example_are_current() -> None:
    for path, text in settings_page.pages().items():
        assert path.read_text(encoding="utf-8") == text, "run: python deploy/settings_page.py"


def test_every_setting_has_a_description_in_both_languages() -> None:
    fields = settings_page.Settings.model_fields

    assert [name for name, field in fields.items() if not field.description] == []
    assert sorted(settings_page.CHINESE) == sorted(fields)


def test_no_page_names_a_file_that_only_exists_on_one_machine() -> None:
    for page in PAGES:
        assert not re.search(r"/work/|/home/\w|/Users/|/root/", page.read_text(encoding="utf-8")), page.name
