"""The page in a real browser with the network cut off: silent, readable, no wider than the window."""

import chromium
import fakes
import pytest

from harness.stages import report

# Ratio of every text to what is painted behind it (WCAG 2.2, 1.4.3), for visible elements that hold text themselves.
CONTRAST = """(() => {
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number);
    return n.length < 4 ? [...n.slice(0, 3), 1] : n; };
  const over = (top, below) => below.map((v, i) => i < 3 ? top[3] * top[i] + (1 - top[3]) * v : 1);
  const behind = e => { const layers = [];
    for (; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]); };
  const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  let worst = [99, ''];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
    const paper = behind(e), ink = over(parse(getComputedStyle(e).color), paper);
    const [low, high] = [light(ink), light(paper)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < worst[0]) worst = [ratio, e.tagName + ': ' + e.textContent.slice(0, 60)];
  }
  return worst; })()"""
OPEN = "document.querySelectorAll('details').forEach(d => d.open = true)"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    if not chromium.executable():
        pytest.skip(f"no browser here: none of {', '.join(chromium.NAMES)}, and CHROMIUM names none")
    tasks, families = ("nor_deid", "synergi", "aismec"), ("nb_bert", "norbert3")
    root = fakes.build(tmp_path_factory.mktemp("a page with spaces æøå"), tasks, families)
    fakes.score(root, tasks, families)
    report.run(root, fakes.settings(tasks, families), fakes.TASKS)
    with chromium.tab(tmp_path_factory.mktemp("profile")) as page:
        page.look(1280)
        page.open(root / "reports" / "index.html")
        yield page


def test_nothing_is_asked_for_and_the_console_is_silent(page):
    elsewhere = [address for address in page.requests if not address.startswith("data:")]
    assert len(elsewhere) == 1 and elsewhere[0].startswith("file:///") and elsewhere[0].endswith("/reports/index.html")
    assert page.complaints == []
    broken = "[...document.images].filter(i => !i.complete || !i.naturalWidth || !i.alt).length"
    assert page.evaluate("document.images.length") > 4 and page.evaluate(broken) == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(page, dark):
    page.look(1280, dark=dark)
    page.evaluate(OPEN)
    ratio, where = page.evaluate(CONTRAST)
    assert ratio >= 4.5, where
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") is not dark


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_never_scrolls_sideways(page, width):
    page.look(width)
    page.evaluate(OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_link_fold_and_wide_table_is_reached_by_tab_and_opened_by_enter(page):
    page.look(1280)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = false); document.body.focus()")
    reachable = page.evaluate(
        "[...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')].filter(e => e.checkVisibility()).length"
    )
    page.evaluate("window.seen = new Set(); window.scrollTo(0, 0)")
    for _ in range(reachable):
        page.press("Tab")
        page.evaluate("seen.add(document.activeElement)")
    assert page.evaluate("seen.has(document.body)") is False and page.evaluate("seen.size") == reachable > 12
    assert page.evaluate("document.querySelector('summary').focus(), document.querySelector('details').open") is False
    page.press("Enter")
    assert page.evaluate("document.querySelector('details').open") is True
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"


def test_a_link_of_the_contents_opens_the_section_that_is_folded(page):
    page.look(1280)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)")
    page.evaluate("[...document.querySelectorAll('nav a')].find(a => a.textContent == 'All scores').click()")
    opened = "[...document.querySelectorAll('details.section')].filter(d => d.open)"
    assert page.evaluate(f"{opened}.map(d => d.querySelector('h3').textContent)") == ["All scores"]


def test_paper_shows_what_is_folded_in_black_on_white(page):
    page.look(800, dark=True, media="print")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)")
    hidden = "[...document.querySelectorAll('details table')].filter(t => t.getBoundingClientRect().height < 20).length"
    assert page.evaluate("document.querySelectorAll('details table').length") > 3 and page.evaluate(hidden) == 0
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.pdf().startswith(b"%PDF")
