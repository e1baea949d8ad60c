"""The structure of a tagged PDF (ISO 32000-1, 14.7 and 14.8): which text is a heading, a paragraph or a list item.

reportlab writes no tags itself; this adds marked content to its pages, and the tree that names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName
from reportlab.pdfgen.canvas import Canvas


@dataclass(slots=True)
class _Element:
    kind: str
    content: list[tuple[int, int]] = field(default_factory=list)  #: page and number of each piece of marked content


class Tags:
    """The structure of the pages that are drawn on `canvas`. Call `end_page` after each, `write` at the end."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._elements: list[_Element] = []
        self._pages: list[list[int]] = [[]]  #: the element of each piece of marked content

    def element(self, kind: str) -> int:
        """A new structure element of a standard type: H1, H2, P, LI."""
        self._elements.append(_Element(kind))
        return len(self._elements) - 1

    @contextmanager
    def content(self, element: int | None) -> Iterator[None]:
        """What is drawn meanwhile belongs to this element; with None it is an artifact, such as a page number."""
        page = self._pages[-1]
        if element is None:
            self._canvas._code.append("/Artifact BMC")
        else:
            known = self._elements[element]
            self._canvas._code.append(f"/{known.kind} <</MCID {len(page)}>> BDC")
            known.content.append((len(self._pages) - 1, len(page)))
            page.append(element)
        yield
        self._canvas._code.append("EMC")

    def end_page(self) -> None:
        self._pages.append([])

    def write(self) -> None:
        """Add the tree to the document."""
        document = self._canvas._doc
        pages = list(document.Pages.pages)
        for number, page in enumerate(pages):
            page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]
            page.StructParents, page.Tabs = number, PDFName("S")
        root = PDFDictionary({"Type": PDFName("StructTreeRoot")})
        whole = PDFDictionary({"Type": PDFName("StructElem"), "S": PDFName("Document")})
        root_reference, whole_reference = document.Reference(root), document.Reference(whole)
        references = []
        for element in self._elements:
            pieces = [
                PDFDictionary({"Type": PDFName("MCR"), "Pg": document.Reference(pages[page]), "MCID": number})
                for page, number in element.content
            ]
            described: dict[str, Any] = {"Type": PDFName("StructElem"), "S": PDFName(element.kind)}
            described |= {"P": whole_reference, "K": PDFArray(pieces)}
            references.append(document.Reference(PDFDictionary(described)))
        numbers: list[Any] = []
        for number, owners in enumerate(self._pages[: len(pages)]):
            numbers += [number, PDFArray([references[owner] for owner in owners])]
        whole.dict |= {"P": root_reference, "K": PDFArray(references)}
        root.dict |= {
            "K": whole_reference,
            "ParentTree": document.Reference(PDFDictionary({"Nums": PDFArray(numbers)})),
            "ParentTreeNextKey": len(pages),
        }
        document.Catalog.StructTreeRoot = root_reference
        document.Catalog.MarkInfo = PDFDictionary({"Marked": "true"})
