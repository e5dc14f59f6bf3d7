"""A report whose every foreign text tries to act: in each file it stands there as text, and changes no structure."""

import csv
import functools
import io
import json
import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import cards_made
import chromium
import fakes
import hostile
import pytest
from markdown_it import MarkdownIt
from ruamel.yaml import YAML

from harness.artifacts import corpus
from harness.encoders import cards, readme
from harness.report.render import confusion
from harness.stages import report
from harness.system import files
from harness.text import escaping
from harness.tracking import pretrainings, recordings

TASKS, FAMILIES, SEEDS = ("synergi", "nor_deid", "aismec"), ("nb_bert",), (1, 2)
SETTINGS = fakes.settings(TASKS, FAMILIES, SEEDS)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LABELS = tuple(line for line in hostile.LINES if line.strip())
FORMULAS = ("$\\frac{$", "$x^{$")
TYPES = (LABELS[0], hostile.ACTING[2], LABELS[12])
STANDARDS = (hostile.ACTING[3], hostile.LINES[10])
# Beside the checkpoints, with a card each.
FOLDERS = ('<img src=x onerror="x">', "*a* `b` **c**", "# d", "[e](javascript:f)", "two\nlines")
HARMLESS = ("a rare note", "a summary", "a note")


def texts(acting):
    """(label of number i, title, value of a source record) of the hostile run, or of its harmless twin."""
    if acting:
        return (lambda i: LABELS[i]), f"{LABELS[0]} {LABELS[12]} ** {' '.join(LABELS[30:60])}", "".join(LABELS[:30])
    return (lambda i: f"label {i:02}"), "A title", "a value"


def finish(root, acting):
    label, title, value = texts(acting)
    two = FORMULAS if acting else ("no", "yes")
    tasks = {
        "synergi": replace(fakes.TASKS["synergi"], title=title, labels=tuple(map(label, range(len(LABELS))))),
        "nor_deid": replace(fakes.TASKS["nor_deid"], title=title, labels=tuple(label(i) for i in range(8))),
        "aismec": replace(fakes.TASKS["aismec"], title=title, labels=two, positive=two[1]),
    }
    types = dict(zip(("rare note", "epikrise", "referral"), TYPES if acting else HARMLESS, strict=True))
    standards = dict(zip(("bokmål", "nynorsk"), STANDARDS if acting else ("a standard", "another"), strict=True))
    columns = fakes._columns

    def changed(task, number, chance):
        record = columns(task, number, chance)
        if "document_type" in record:
            record["document_type"] = types[record["document_type"]]
        if "written_standard" in record:
            record["written_standard"] = standards[record["written_standard"]]
        return record

    with pytest.MonkeyPatch.context() as patch:
        for name, task in tasks.items():
            patch.setitem(fakes.TASKS, name, task)
        patch.setattr(fakes, "_columns", changed)
        fakes.build(root, TASKS, FAMILIES, SEEDS, rows=60)
        _rewrite(root, value, acting)
        fakes.score(root, TASKS, FAMILIES, SEEDS)
        settings = replace(SETTINGS, run=replace(SETTINGS.run, profile=value))
        report.run(root, settings, tasks)
        notes = _notes(root, settings, tasks)
    return root, notes


def _rewrite(root, value, acting):
    """The texts of the cards: of the source records, of what was dropped and repaired, of corpora and checkpoints."""
    path = corpus.card_place(root)
    card = files.read_json(path)
    counts = {"documents": 5, "by_document_type": {TYPES[1] if acting else "a type": 5}}
    card["parts"]["clinical"] |= {"removed": {value: counts}}
    files.write_json(path, card)
    for task in TASKS:
        path = root / "artifacts" / "validated" / task / "card.json"
        card = files.read_json(path)
        stated = dict.fromkeys(("address", "revision", "licence", "language", "citation", "note"), value)
        card |= {"source": card["source"] | stated, "dropped": {value: 2, "other": 1}, "repaired": {value: 5}}
        files.write_json(path, card)
        path = root / "artifacts" / "splits" / task / "leakage.json"
        leakage = files.read_json(path)
        ids = [value, f"{value} 2", f"{value} 3"]
        leakage["checks"] += [{"check": value, "level": "warning", "count": 3, "ids": ids, "detail": value}]
        files.write_json(path, leakage)
    folder = root / "artifacts" / "checkpoints" / "nb_bert"
    for arm, source in (
        ("baseline", {"kind": "hub", "repository": value, "revision": value}),
        ("clinical", {"kind": "folder", "name": value}),
    ):
        card = files.read_json(folder / arm / "harness.json")
        found = {"loss": 2.0, "accuracy": 0.5, "tokens": 90, "by_document_type": {}}
        found["by_document_type"] = {TYPES[0] if acting else "a type": {"loss": 2.0, "accuracy": 0.5, "tokens": 90}}
        sides = {side: {"general": found, "clinical": found} for side in ("before", "after")}
        card |= {"source": source, "held_out": sides, "architecture": value, "libraries": {"torch": value}}
        card |= {"notes": [value], "missing": [value], "recipe": {"name": value, "parameters": {}}}
        card |= {"engine": {"device": value}, "encoder": {"hidden": value}}
        files.write_json(folder / arm / "harness.json", card)
        for name in (*FOLDERS, f"{arm} (copy)") if acting else ():
            files.write_json(folder / name / "harness.json", card)


def _notes(root, settings, tasks):
    """What MLflow would be told of every run, as Markdown; and pictures with labels drawn."""
    links, found = {"baseline": recordings.Made("1", "2")}, []
    for recording in recordings.collect(root, settings, tasks):
        found.append(recordings.parent_tags(recording, links)["mlflow.note.content"])
        found += [recordings.child_tags(recording, e, links)["mlflow.note.content"] for e in recording.runs]
        if len(recording.comparison.labels) < 20:
            assert all(picture.startswith(b"\x89PNG") for picture in confusion.draw(recording.comparison).values())
    found += [pretrainings.tags(p)["mlflow.note.content"] for p in pretrainings.collect(root, settings.run, {
        "git_commit": "none", "git_dirty": "unknown"})]  # fmt: skip
    return found


@pytest.fixture(scope="module")
def acting(tmp_path_factory):
    return finish(tmp_path_factory.mktemp("acting"), True)


@pytest.fixture(scope="module")
def harmless(tmp_path_factory):
    return finish(tmp_path_factory.mktemp("harmless"), False)


def as_shown(label):
    return escaping.cell(escaping.one_line(label).replace("_", " "))


def read(run, name):
    return (run[0] / "reports" / name).read_text(encoding="utf-8")


@functools.lru_cache
def parsed(text):
    return MARKDOWN.parse(text)


def blocks(text):
    return [(token.type, token.tag, token.level) for token in parsed(text)]


def children(text):
    return [child for token in parsed(text) if token.type == "inline" for child in token.children]


@pytest.mark.parametrize("name", ["README.md", "appendix.md"])
def test_the_text_has_the_same_blocks_and_no_mark_of_anybody_else(name, acting, harmless):
    text, twin = read(acting, name), read(harmless, name)
    assert blocks(text) == blocks(twin)
    for kind in ("link_open", "html_inline", "image", "em_open", "strong_open", "s_open"):
        of = [[dict(child.attrs) for child in children(one) if child.type == kind] for one in (text, twin)]
        assert of[0] == of[1], kind
    raw = [token.content for token in parsed(text) if token.type == "html_block"]
    allowed = re.compile(r"(</?details>|<summary>[^<>]*</summary>)\n?")
    assert all(allowed.sub("", part).strip() == "" for part in raw)
    outside = "".join(child.content + "\n" for child in children(text) if child.type == "text")
    assert not re.search(r"://|www\.|mailto:|\S@\S", outside)
    cells = {"".join(child.content for child in token.children) for token in parsed(text) if token.children}
    cells = {re.sub(r"\s+", " ", cell).strip() for cell in cells}
    if name == "appendix.md":  # the tables that name labels
        assert all(re.sub(r"\s+", " ", as_shown(label)).strip() in cells for label in LABELS)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.words = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, *sorted(given.keys()), *(given.get(k) for k in ("href", "id", "class"))))

    def handle_endtag(self, tag):
        self.tags.append((tag,))

    def handle_data(self, data):
        self.words += data

    def handle_comment(self, data):
        self.tags.append(("comment", data))


def test_the_page_has_the_same_tags_and_every_label_as_it_is(acting, harmless):
    page, twin = Page(read(acting, "index.html")), Page(read(harmless, "index.html"))

    def kept(tags):
        return [tag for tag in tags if tag[0] != "code"]  # a name with a backtick is no code

    assert kept(page.tags) == kept(twin.tags)
    _, title, value = texts(True)
    for text in (*LABELS, title.split(":")[0], value, *TYPES, *STANDARDS):
        assert as_shown(text) in page.words, text


def test_latex_has_the_same_rows_and_columns(acting, harmless):
    text, twin = read(acting, "tables.tex"), read(harmless, "tables.tex")
    for sign in (r"(?<!\\)&", r"(?<!\\textbackslash\{\})\\\\\n", r"\\begin\{tabular\}", r"\\caption", r"\\midrule"):
        assert len(re.findall(sign, text)) == len(re.findall(sign, twin)) > 0, sign
    for command in (r"\\input", r"\\write", r"(?<!\\)%(?! Generated)", r"(?m)^\s*[\[*]"):
        assert not re.search(command, text), command


def test_no_cell_of_any_csv_is_a_formula(acting):
    paths = sorted((acting[0] / "reports").rglob("*.csv"))
    assert len(paths) > 4
    for path in paths:
        for cell in (cell for row in csv.reader(io.StringIO(path.read_text("utf-8"))) for cell in row):
            if cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
                float(cell)


def test_files_for_programs_are_read_back_as_they_were_meant(acting):
    _, title, value = texts(True)
    for path in sorted((acting[0] / "reports" / "model-index").glob("*.yaml")):
        results = YAML(typ="safe").load(path)["model-index"][0]["results"]
        assert {result["dataset"]["name"] for result in results} == {f"{title.split(':')[0]} (synthetic data)"}
    for task in TASKS:
        found = json.loads(read(acting, f"croissant/{task}.json"))
        assert found["license"] == value and found["description"].startswith(title)


def test_notes_for_mlflow_are_text_with_the_pipelines_own_links(acting, harmless):
    assert len(acting[1]) == len(harmless[1]) > 10
    for note, twin in zip(acting[1], harmless[1], strict=True):
        assert blocks(note) == blocks(twin)
        assert {child.type for child in children(note)} <= {"text", "code_inline", "link_open", "link_close"}
        links = [dict(child.attrs)["href"] for child in children(note) if child.type == "link_open"]
        assert links == [dict(child.attrs)["href"] for child in children(twin) if child.type == "link_open"]
        assert all(link.startswith("#/experiments/") for link in links)
        outside = "".join(child.content + "\n" for child in children(note) if child.type == "text")
        assert not re.search(r"://|www\.|mailto:|\S@\S", outside)
        assert not re.search(r"(?<!\S)@\w", note)  # MLflow's renderer links a name behind an at sign


def test_git_says_a_commit_and_nothing_that_somebody_named(tmp_path):
    def git(*arguments):
        named = ["-c", f"user.name={LABELS[0]}", "-c", f"user.email={LABELS[1]}", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *named, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "-b", "<script>evil.example</script>")
    git("commit", "--allow-empty", "-m", "\n".join(hostile.LINES))
    for name in ("$(touch${IFS}sung)", "HEAD", "`x`"):
        git("tag", name)
    found = recordings.git(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", found.pop("git_commit")) and found == {"git_dirty": "false"}
    (tmp_path / LABELS[2].replace("/", "_")).write_text("x", encoding="utf-8")
    assert recordings.git(tmp_path)["git_dirty"] == "true"
    assert not (tmp_path / "sung").exists()


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    if not chromium.executable():
        pytest.skip(f"no browser here: none of {', '.join(chromium.NAMES)}, and CHROMIUM names none")
    with chromium.tab(tmp_path_factory.mktemp("profile")) as page:
        page.look(1280)
        yield page


# A picture at the end that is not there: once its error is told, those of all before it have been.
LAST = "<img id=last src=last.png onerror=\"document.body.dataset.last='told'\">"


def model_cards():
    """READMEs of checkpoints whose every text is a site's or a stranger's own."""
    for acting in hostile.ALL:
        for facts in cards_made.said_by(acting):
            yield readme.model_card(cards.card(facts)).split("\n---\n", 1)[1]


def test_a_browser_runs_nothing_and_asks_for_nothing(tab, acting, tmp_path):
    """The page; and the README, MLflow's notes and checkpoints' cards, of a renderer that lets every tag through."""
    rendered = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").render
    pages = {
        "readme": rendered(read(acting, "README.md") + read(acting, "appendix.md")),
        "notes": "".join(map(rendered, acting[1])),
        "cards": "".join(map(rendered, model_cards())),
    }
    for name, body in pages.items():
        whole = f"<!DOCTYPE html><title>mine</title><body>{body}{LAST}"
        (tmp_path / f"{name}.html").write_text(whole, encoding="utf-8")
    page = read(acting, "index.html")
    assert page.count("</body>") == 1
    (tmp_path / "index.html").write_text(page.replace("</body>", f"{LAST}</body>"), encoding="utf-8")
    for name in ("index", *pages):
        title = "Does continued pre-training on clinical text help?" if name == "index" else "mine"
        tab.requests.clear()
        tab.complaints.clear()
        tab.open(tmp_path / f"{name}.html")
        tab.wait("document.body.dataset.last === 'told'", 30)
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        tab.evaluate("document.querySelectorAll('*').forEach(e => e.dispatchEvent(new MouseEvent('mouseover')))")
        assert tab.evaluate("document.title") == title
        strange = "script, svg, iframe, b, object, embed, form, input, math, base, link, details[ontoggle], [onerror]"
        assert tab.evaluate(f"[...document.querySelectorAll('{strange}')].map(e => e.id).join()") == "last"
        assert tab.evaluate("document.querySelectorAll('meta[http-equiv=refresh]').length") == 0
        assert not [a for a in tab.requests if "evil" in a or a.endswith("/x")]
        own = "/^(#|README.md$|appendix.md$)/"
        assert tab.evaluate(f"[...document.links].filter(a => !{own}.test(a.getAttribute('href'))).length") == 0


def test_the_same_canaries_do_run_where_nothing_is_escaped(tab, tmp_path):
    (tmp_path / "raw.html").write_text(f"<!DOCTYPE html><title>mine</title>{LABELS[0]}", encoding="utf-8")
    tab.open(tmp_path / "raw.html")
    tab.wait("document.title === 'CANARY'", 20)
    (tmp_path / "last.html").write_text(f"<!DOCTYPE html><body>{LABELS[0]}{LAST}", encoding="utf-8")
    tab.open(tmp_path / "last.html")
    tab.wait("document.body.dataset.last === 'told'", 20)
    assert tab.evaluate("document.title") == "CANARY"
