"""Text of others, at each place where it is shown: it stays text, and it stays what it was."""

import csv
import html
import io
import re
from html.parser import HTMLParser

import hostile
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.text import escaping, printable

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What GitHub makes a link without being asked, if it stands in no code.
LINKED = re.compile(r"://|www\.|mailto:|xmpp:|\S@\S", re.IGNORECASE)
texts = st.one_of(
    st.sampled_from(hostile.ALL),
    st.lists(st.sampled_from(hostile.ALL), min_size=2, max_size=4).map(" ".join),
    st.text(alphabet="<>[]()!*_`~|\\#&;:/@.=+-$%{}^\"' ax1\n\t\x1b\u2028", max_size=24),
    st.text(max_size=20),
)


def inline(tokens):
    return [child for token in tokens if token.type == "inline" for child in token.children]


def shown(children):
    """What a reader sees of a line, and its text outside code."""
    whole = "".join(child.content for child in children)
    return whole, "".join(child.content for child in children if child.type == "text")


def seen(text):
    """What a reader is to see of a value."""
    return escaping.cell(text)


@given(texts)
def test_markdown_of_a_paragraph_is_one_paragraph_of_text(text):
    tokens = MARKDOWN.parse(escaping.markdown(escaping.plain(text)))
    if not escaping.one_line(text).strip():
        return
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = inline(tokens)
    assert {child.type for child in children} <= {"text", "code_inline"}
    whole, outside = shown(children)
    assert re.sub(r"\s+", " ", whole).strip() == re.sub(r"\s+", " ", seen(text)).strip()
    assert not LINKED.search(outside)


@given(texts)
@example("@\\|")
@example("a@b\\|c@d|")
@example("www.x\\||\\|y")
def test_markdown_of_a_cell_is_one_cell_of_text(text):
    row = f"| {escaping.markdown_cell(escaping.plain(text))} | end |"
    tokens = MARKDOWN.parse(f"| a | b |\n|---|---|\n{row}\n")
    cells = [token for token in tokens if token.type == "inline"][2:]
    assert len(cells) == 2 and cells[1].content == "end"
    assert {child.type for child in cells[0].children} <= {"text", "code_inline"}
    whole, outside = shown(cells[0].children)
    assert re.sub(r"\s+", " ", whole).strip() == re.sub(r"\s+", " ", seen(text)).strip()
    assert not LINKED.search(outside)


@given(texts)
def test_a_sentence_around_a_value_keeps_its_own_marks(text):
    sentence = f"*Interval* of {escaping.plain(text)} and `code`, *p*."
    children = inline(MARKDOWN.parse(escaping.markdown(sentence)))
    assert [child.type for child in children if child.type.startswith("em")] == ["em_open", "em_close"] * 2
    assert [child.content for child in children if child.type == "code_inline"][-1] == "code"
    page = escaping.html(sentence)
    assert page.startswith("<em>Interval</em> of ") and page.endswith(" and <code>code</code>, <em>p</em>.")


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, attributes))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.tags.append(("comment", data))

    handle_decl = unknown_decl = handle_pi = handle_comment


@given(texts)
def test_html_has_no_tag_of_its_own_and_the_same_text(text):
    for made, wanted in ((escaping.html(escaping.plain(text)), seen(text)),
                         (escaping.html_text(text), escaping.one_line(text))):  # fmt: skip
        page = Tags(made)
        assert page.tags == [] and page.text == wanted
    page = Tags(f'<img alt="{escaping.html_attribute(escaping.plain(text))}">')
    assert page.tags == [("img", [("alt", seen(text))])]


def latex_text(made):
    """What LaTeX prints of text without a command that it does not know; fails on anything that acts."""
    known = {command: letter for letter, command in escaping._LATEX.items()}
    found = ""
    while made:
        command = next((c for c in sorted(known, key=len, reverse=True) if made.startswith(c)), None)
        if command is None:
            assert made[0] not in "\\{}$&#^_%~[]*<>", made
        found += known[command] if command else made[0]
        made = made[len(command) if command else 1 :]
    return found


@given(texts)
def test_latex_prints_the_text_and_runs_nothing(text):
    if "–" in text or "--" in text or "~" in text or "\u00a0" in text or "×" in text:
        return  # signs that two ways of writing share
    assert latex_text(escaping.latex(escaping.plain(text))) == seen(text)


@pytest.mark.parametrize("text", ["–", "--x--", "~", "a\u00a0b", "×"])
def test_latex_of_signs_that_two_ways_of_writing_share(text):
    assert "~" not in escaping.latex("~") and latex_text(escaping.latex(text))


@given(texts)
def test_no_cell_of_a_csv_is_a_formula_and_numbers_stay_numbers(text):
    out = io.StringIO()
    csv.writer(out).writerow([escaping.cell(text), "end"])
    ((value, end),) = csv.reader(io.StringIO(out.getvalue()))
    assert end == "end" and value.removeprefix("'") in (escaping.one_line(text), escaping.one_line(text)[1:])
    if value.lstrip()[:1] in tuple("=+-@") and len(value) > 1:
        float(value)


@pytest.mark.parametrize("value", ["-0.0123", "+1.5", "-3", "0.5", "-1e-05", "+", "-", "", -0.5, 7, True])
def test_numbers_and_signs_are_cells_as_they_are(value):
    assert escaping.cell(value) == value


@pytest.mark.parametrize("value", ['=HYPERLINK("x")', "+1+2", "-1+2", "@SUM(1)", "=1", " =1", "\t=1", "＝1"])
def test_formulas_get_an_apostrophe(value):
    assert escaping.cell(value) == "'" + value.replace("\t", " ")


@given(texts)
def test_nothing_moves_the_cursor_of_a_terminal(text):
    said = printable.terminal(text)
    assert not any(printable.acts(c) for c in said if c not in "\n\t")
    assert printable.terminal("a\x1b[31mb\nc\x00 æ") == "a\\x1b[31mb\nc\\x00 æ"


@given(st.text(alphabet="ab *`_<|", max_size=30))
def test_code_and_emphasis_of_the_notation_are_the_same_in_both_writers(text):
    """The page and the Markdown of one sentence have the same marks around the same words."""
    page = Tags(escaping.html(text))
    children = inline(MARKDOWN.parse(escaping.markdown(text)))
    assert [tag for tag, _ in page.tags].count("code") == sum(c.type == "code_inline" for c in children)
    assert html.unescape(re.sub("<[^>]*>", "", escaping.html(text))) == page.text


def test_a_code_span_holds_what_it_is_given():
    assert escaping.code("a b") == "`a b`" and escaping.code("a`b") == "a\\`b" and escaping.code("") == ""
    assert escaping.markdown_cell("`a|b`") == "`a\\|b`"
    assert escaping.latex("`x_y` & *z*") == r"\texttt{x\_y} \& \emph{z}"


@pytest.mark.parametrize("unseen", ["\u200b", "\u00ad", "\u200f", "\u2060", "\ufeff", "\U000e0041", "\u3164"])
def test_what_nobody_sees_is_shown_to_be_there_and_refused_where_it_is_declared(unseen):
    """Two labels that look alike, or words that only a program reads."""
    assert escaping.one_line(f"ye{unseen}s") == "ye\ufffds"
    assert printable.fault(f"ye{unseen}s") == f"the control character U+{ord(unseen):04X}"
    assert printable.terminal(f"ye{unseen}s").isascii()
    assert printable.fault("ja, æøå – «yes»") is None


def test_no_quotation_mark_is_a_command_of_a_papers_language():
    """Norwegian babel makes it one: "| and "- vanish from the text."""
    assert escaping.latex('a "| b') == r"a {\char34}| b"
