"""An empty Word document as a Chinese office expects it: A4, the language and fonts of its text, plain headings.

The template of python-docx is for US Letter and for Japanese or English themes. Word, WPS and LibreOffice choose the
font and the place of “，。” by the language and the font that a run names."""

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from docx import Document as _open_template
from docx.opc.oxml import serialize_part_xml
from docx.opc.packuri import PackURI
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement, parse_xml
from docx.shared import Mm, Pt, RGBColor

from backend.speech.text import is_wide
from backend.transcripts.file_properties import FileProperties

if TYPE_CHECKING:
    from docx.document import Document as Word
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

#: Characters that XML cannot contain, even escaped.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
MUTED = RGBColor(0x5F, 0x63, 0x68)
_TEXT = RGBColor(0x1A, 0x1A, 0x1A)
_SIZES = {"Normal": 10.5, "Title": 18, "Heading 1": 14, "Heading 2": 10.5, "Heading 3": 10.5}


@dataclass(frozen=True, slots=True)
class _Fonts:
    """For text, for headings and for Latin text; `others` are named in the font table for programs without them."""

    text: str
    headings: str
    latin: str = "Times New Roman"
    others: tuple[tuple[str, str], ...] = ()


_SIMPLIFIED = _Fonts("宋体", "等线", others=(("宋体", "SimSun"), ("等线", "DengXian")))
_TRADITIONAL = _Fonts("新細明體", "微軟正黑體", others=(("新細明體", "PMingLiU"), ("微軟正黑體", "Microsoft JhengHei")))
#: By the language tag of the text. Texts in other languages may quote Chinese.
_FONTS = {
    "zh-CN": _SIMPLIFIED,
    "zh-TW": _TRADITIONAL,
    "zh-HK": _TRADITIONAL,
    "ja-JP": _Fonts("MS Mincho", "MS Gothic"),
    "ko-KR": _Fonts("Batang", "Malgun Gothic"),
}


def new_word(title: str, language: str, properties: FileProperties) -> "Word":
    """An empty document with its title, author, dates and language. `language` is a tag such as zh-CN."""
    word = _open_template()
    section = word.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(25.4)
    section.left_margin = section.right_margin = Mm(31.8)  # the margins of Word's and WPS's Chinese template
    eastern = language if language in _FONTS else "zh-CN"
    western = "en-US" if language in _FONTS else language
    _set_styles(word, _FONTS[eastern], western, eastern)
    _set_theme_language(word, western, eastern)
    _name_fonts(word, _FONTS[eastern])
    _set_properties(word, title, language, properties)
    return word


def add_run(paragraph: "Paragraph", text: str, *, bold: bool = False, muted: bool = False) -> "Run":
    """Text at the end of the paragraph. Without the hint, Word writes “”, … and — in the Latin font, narrow."""
    run = paragraph.add_run(strip_invalid_xml(text))
    if any(map(is_wide, text)):
        run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:hint"), "eastAsia")
    if bold:
        run.font.bold = True
    if muted:
        run.font.color.rgb = MUTED
    return run


def strip_invalid_xml(text: str) -> str:
    """The text without characters that no Word document may contain."""
    return _UNFIT.sub("", text)


def _set_styles(word: "Word", fonts: _Fonts, western: str, eastern: str) -> None:
    styles: Any = word.styles  # python-docx types styles as their base class
    defaults = styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    _set_fonts(defaults, fonts.latin, fonts.text)
    language = defaults.find(qn("w:lang"))
    for script, tag in (("val", western), ("eastAsia", eastern), ("bidi", "ar-SA")):
        language.set(qn(f"w:{script}"), tag)
    for style in styles:
        own = style.element.find(qn("w:rPr"))
        heading = style.name == "Title" or style.name.startswith("Heading")
        if style.name == "Normal" or (own is not None and own.find(qn("w:rFonts")) is not None):
            latin, eastern_font = (fonts.headings, fonts.headings) if heading else (fonts.latin, fonts.text)
            _set_fonts(style.element.get_or_add_rPr(), latin, eastern_font)
    for name, size in _SIZES.items():
        styles[name].font.size = Pt(size)
        if name != "Normal":
            styles[name].font.color.rgb = _TEXT
    _remove_rule(styles["Title"])
    spacing = styles["Normal"].paragraph_format
    spacing.space_after, spacing.line_spacing = Pt(4), 1.25
    styles["Title"].paragraph_format.space_after = Pt(6)
    styles["Heading 1"].paragraph_format.space_before, styles["Heading 1"].paragraph_format.space_after = Pt(14), Pt(4)


def _remove_rule(title: Any) -> None:
    """The title's blue line."""
    paragraph = title.element.find(qn("w:pPr"))
    border = paragraph.find(qn("w:pBdr")) if paragraph is not None else None
    if border is not None:
        paragraph.remove(border)


def _set_fonts(properties: Any, latin: str, eastern: str) -> None:
    fonts = properties.get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)  # a theme would override the names
    for script, font in (("ascii", latin), ("hAnsi", latin), ("eastAsia", eastern)):
        fonts.set(qn(f"w:{script}"), font)


def _set_theme_language(word: "Word", western: str, eastern: str) -> None:
    settings = word.settings.element
    theme = settings.find(qn("w:themeFontLang"))
    if theme is None:
        theme = OxmlElement("w:themeFontLang")
        settings.append(theme)
    theme.attrib.clear()
    theme.set(qn("w:val"), western)
    theme.set(qn("w:eastAsia"), eastern)
    spacing = settings.find(qn("w:characterSpacingControl"))
    if spacing is not None:
        spacing.set(qn("w:val"), "compressPunctuation")


def _name_fonts(word: "Word", fonts: _Fonts) -> None:
    """Names other programs and systems have for the fonts, in the table of fonts."""
    [part] = [part for part in word.part.package.iter_parts() if part.partname == PackURI("/word/fontTable.xml")]
    table = parse_xml(part.blob)
    for name, others in fonts.others:
        font, other, charset = OxmlElement("w:font"), OxmlElement("w:altName"), OxmlElement("w:charset")
        font.set(qn("w:name"), name)
        other.set(qn("w:val"), others)
        charset.set(qn("w:val"), "86" if fonts is _SIMPLIFIED else "88")
        font.extend((other, charset))
        table.append(font)
    part._blob = serialize_part_xml(table)


def _set_properties(word: "Word", title: str, language: str, properties: FileProperties) -> None:
    core = word.core_properties
    core.title = strip_invalid_xml(title)[:255]
    core.author = core.last_modified_by = strip_invalid_xml(properties.author)[:255]
    core.comments, core.keywords, core.subject, core.revision = "", "", "", 1
    core.language = language
    created = properties.created or datetime.now(timezone.utc)
    core.created = core.modified = created.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
