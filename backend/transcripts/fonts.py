"""Finds the fonts for PDF files: the installed one, then one of the system."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from backend.errors import AppError

#: The font that `models fetch --set print` installs, below the folder of models.
INSTALLED = Path("noto-sans-sc") / "NotoSansSC-Regular.otf"

#: Folders of system fonts, and names of fonts that have Chinese characters and may be embedded.
_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/Library/Fonts"))
_NAMES = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.[ot]tf"),
    *("SourceHanSans*-Regular.*", "wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallback*.ttf"),
)


class FontMissing(AppError):
    status = 503
    code = "font_missing"
    detail = (
        "The server has no font with Chinese characters, so it cannot write a PDF. "
        "An administrator installs one with: python -m backend models fetch --set print"
    )


def fonts_of(models_dir: Path, folders: Sequence[Path] = _FOLDERS) -> list[Path]:
    """The fonts in order of preference: the installed one, then the first of the system. Raises FontMissing."""
    ours = models_dir / INSTALLED
    found = ([ours] if ours.is_file() else []) + list(_of_the_system(folders))[:1]
    if not found:
        raise FontMissing
    return found


def _of_the_system(folders: Sequence[Path]) -> Iterator[Path]:
    for name in _NAMES:
        for folder in folders:
            yield from sorted(folder.rglob(name)) if folder.is_dir() else ()
