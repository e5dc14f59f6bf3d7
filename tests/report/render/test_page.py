"""The page: one file, no requests, sound structure."""

import base64
import re
from html.parser import HTMLParser

import pytest

from harness.report.model.document import Bullets, Details, Figure, Paragraph, Report, Section, Table
from harness.report.render.page import page

VOID = {"meta", "img", "source", "link", "br", "hr", "input"}


class Structure(HTMLParser):
    """Open tags must be closed in order; what matters is collected."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.addresses = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attributes for name, attributes in self.seen if name == tag]


@pytest.fixture(scope="module")
def text():
    table = Table("Cap <&> `x`", ("Task", "Family", "F1"), (("t", "a", "1"), ("t", "b", "2"), ("u", "a", "3")), 2, 1)
    matrix = Table("M", ("Gold", "a", "b"), (("a", "3", "1"), ("b", "0", "4")), shade=((0.75, 0.25), (0.0, 1.0)))
    blocks = (Paragraph("a *b* <script>"), table, Details("more", (matrix,)), Bullets(("x", "y")))
    sections = (Section("First", blocks), Section("Second", (Figure("f.png", "caption", 'the "alt"'),)))
    return page(Report("Title", "lead", "notice", sections), {"f.png": b"picture"})


def test_it_is_one_file_without_requests_or_scripts(text):
    structure = Structure(text)
    assert not structure.all("script") and not structure.all("link")
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in structure.addresses)
    assert "http" not in text and "@import" not in text and "url(" not in text
    assert base64.b64encode(b"picture").decode() in text


def test_headings_captions_and_scopes(text):
    structure = Structure(text)
    assert len(structure.all("h1")) == 1 and len(structure.all("h2")) == 2
    assert len(structure.all("caption")) == len(structure.all("table")) == 2
    assert all("scope" in attributes for attributes in structure.all("th"))
    assert len([a for a in structure.all("th") if a["scope"] == "rowgroup"]) == 2
    assert structure.all("img") == [{"alt": 'the "alt"', "src": "data:image/png;base64,cGljdHVyZQ=="}]
    anchors = {attributes["id"] for attributes in structure.all("h2")}
    assert {attributes["href"][1:] for attributes in structure.all("a")} == anchors


def test_it_adapts_to_dark_phone_and_print(text):
    assert "prefers-color-scheme: dark" in text and "@media print" in text and "max-width: 40rem" in text
    assert 'name="viewport"' in text and '<html lang="en">' in text


def test_text_is_escaped(text):
    assert "Cap &lt;&amp;&gt; <code>x</code>" in text and "a <em>b</em> &lt;script&gt;" in text


def colours(block):
    return {name: value for name, value in re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", block)}


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    values = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("start", ["light", "dark", "print"])
def test_declared_colours_stand_out(text, start):
    """WCAG 2.2: 4.5 for text on every ground, 3 for the ring around what has the focus."""
    style = text[text.index("<style>") : text.index("</style>")]
    light = colours(style[: style.index("@media")])
    at = {"light": 0, "dark": style.index("prefers-color-scheme: dark"), "print": style.index("@media print")}[start]
    now = light | colours(style[at : style.index("}", at)])

    def ratio(a, b):
        low, high = sorted((luminance(now[a]), luminance(now[b])))
        return (high + 0.05) / (low + 0.05)

    for ink in ("ink", "soft"):
        assert all(ratio(ink, ground) >= 4.5 for ground in ("paper", "band")), ink
    assert ratio("ink", "mark") >= 4.5 and (start == "print" or ratio("mark-line", "paper") >= 3)


def test_a_table_of_many_columns_names_them_in_each_cell_for_a_narrow_page():
    header = ("Task", "Family", "A", "B", "C & D", "E", "F")
    wide = Table("Wide", header, (("t", "a", *"12345"),), 2, 1)
    narrow = Table("Narrow", header[:4], (("t", "a", "1", "2"),), 2, 1)
    structure = Structure(page(Report("T", "l", "n", (Section("S", (wide, narrow)),)), {}))
    assert [attributes.get("class") for attributes in structure.all("table")] == ["reflow", None]
    named = [cell["data-column"] for cell in structure.all("td") if "data-column" in cell]
    assert named == ["A", "B", "C & D", "E", "F"], "the family heads its row"


def test_the_contents_stay_in_view_and_lead_to_every_section():
    found = page(Report("T", "l", "n", (Section("One", ()), Section("Two", ()))), {})
    structure = Structure(found)
    ids = [attributes["id"] for attributes in structure.all("h2")]
    assert [link["href"] for link in structure.all("a")] == [f"#{name}" for name in ids]
    assert "<summary>Contents</summary>" in found and "nav { position: sticky" in found


def test_a_narrow_page_has_the_picture_that_was_drawn_for_it():
    figure = Figure("f.png", "caption", "alt", narrow="n.png")
    found = page(Report("T", "l", "n", (Section("S", (figure,)),)), {"f.png": b"wide", "n.png": b"narrow"})
    structure = Structure(found)
    (source,) = structure.all("source")
    assert source["srcset"].endswith(base64.b64encode(b"narrow").decode())
    assert structure.all("img")[0]["src"].endswith(base64.b64encode(b"wide").decode())
