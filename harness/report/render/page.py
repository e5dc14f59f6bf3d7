"""The report as one HTML file that opens offline: no script, no font, no request to anywhere."""

import base64
from collections.abc import Mapping

from harness.report.model.document import Bullets, Details, Figure, Paragraph, Report, Section, Table
from harness.text import escaping

REFLOW = 4  # columns that fit a phone
_STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #566072; --line: #d5dae2; --paper: #ffffff;
  --band: #f3f5f8; --mark: #fff4d6; --mark-line: #a87b00; --shade: 39, 92, 156; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ef; --soft: #a3adbd; --line: #39414f; --paper: #14181f;
  --band: #1d232c; --mark: #33290c; --mark-line: #b98d0e; --shade: 52, 110, 180; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: .5rem 0 1rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .75rem; padding-top: .6rem; border-top: 1px solid var(--line); }
p, li { max-width: 46rem; overflow-wrap: break-word; }
li { margin: .35rem 0; }
nav { position: sticky; top: 0; z-index: 1; background: var(--paper); border-bottom: 1px solid var(--line); }
nav details { border: 0; padding: 0; margin: 0; }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: .25rem 0 .75rem; }
nav li { margin: 0; }
section { scroll-margin-top: 3rem; } h2 { scroll-margin-top: 3rem; }
a { color: inherit; text-underline-offset: .2em; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9em; background: var(--band);
  padding: .05em .3em; border-radius: 3px; }
.notice { background: var(--mark); border-left: 4px solid var(--mark-line); padding: .75rem 1rem; margin: 1rem 0;
  font-weight: 600; max-width: none; }
.scroll { overflow-x: auto; display: inline-block; vertical-align: top; max-width: calc(100% - 1.5rem);
  margin: 1.25rem 1.5rem 1.75rem 0; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; caption-side: top;
  min-width: min(28rem, 82vw); }
details .scroll { margin: .6rem 1.5rem 1rem 0; }
th, td { padding: .32rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { border-bottom: 2px solid var(--soft); vertical-align: bottom; }
th { text-align: left; font-weight: 600; }
tbody th { font-weight: 400; }
.number { text-align: right; }
td.number { white-space: nowrap; }
.matrix th, .matrix td { padding: .3rem .4rem; }
tbody .group { background: var(--band); font-weight: 600; padding-top: .5rem; }
.group span { color: var(--soft); font-weight: 400; }
.group span::before { content: " · "; }
figure { margin: 1.5rem 0 2rem; }
figure img { width: 100%; max-width: 60rem; height: auto; display: block; background: #fff; border-radius: 6px;
  padding: .4rem; border: 1px solid var(--line); }
figcaption { color: var(--soft); font-size: .92rem; margin-top: .4rem; max-width: 46rem; }
details { border: 1px solid var(--line); border-radius: 6px; padding: 0 .9rem; margin: .6rem 0; }
summary { cursor: pointer; padding: .55rem 0; font-weight: 600; }
summary h3 { display: inline; font-size: 1.05rem; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--mark-line);
  outline-offset: 2px; }
@media (min-width: 40rem) { details tbody th[scope=row] { white-space: nowrap; } }
@media (max-width: 40rem) { main { padding: 1rem .9rem 3rem; } h1 { font-size: 1.45rem; }
  .scroll, details .scroll { display: block; margin-right: 0; max-width: 100%; }
  th, td { padding: .3rem .35rem; } td:not(.number) { min-width: 7.5rem; } table { font-size: .82rem; }
  /* A table of many columns becomes a list of its rows, each cell with the name of its column. */
  .reflow, .reflow caption, .reflow tbody, .reflow tr, .reflow th, .reflow td { display: block; }
  .reflow { font-size: .95rem; } .reflow thead { display: none; }
  .reflow tr { border-bottom: 1px solid var(--soft); padding: .3rem 0; }
  .reflow th, .reflow td { border: 0; padding: .1rem .35rem; }
  .reflow tbody th[scope=row] { font-weight: 600; }
  .reflow td { display: flex; justify-content: space-between; gap: 1rem; min-width: 0; text-align: right;
    white-space: normal; }
  .reflow td::before { content: attr(data-column); color: var(--soft); text-align: left; } }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --band: #eee; --line: #bbb; --soft: #333;
    --mark: #fff; }
  body { font-size: 10pt; } main { max-width: none; padding: 0; } nav { display: none; }
  .scroll { overflow: visible; display: block; max-width: none; } table { font-size: 8pt; }
  tr, figure { break-inside: avoid; }
  h2, caption { break-after: avoid; } details:not([open]) > * { display: block; }
  details::details-content { content-visibility: visible; display: block; height: auto; } }
"""


def page(report: Report, pictures: Mapping[str, bytes]) -> str:
    """The report as the text of an HTML page. `pictures` maps the file name of each figure to the bytes of a PNG, which
    are put into the page."""
    heading = escaping.html_text(report.title)
    every = (*report.sections, *report.appendix)
    anchors = {section.title: f"s{i}" for i, section in enumerate(every, start=1)}
    links = "".join(f'<li><a href="#{at}">{escaping.html_text(title)}</a></li>' for title, at in anchors.items())
    sections = "".join(_section(section, anchors[section.title], pictures) for section in report.sections)
    if report.appendix:
        sections += "<h2>Appendix</h2>\n"
        sections += "".join(_folded(section, anchors[section.title], pictures) for section in report.appendix)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{heading}</h1>\n"
        f'<p class="notice">{escaping.html(report.notice)}</p>\n<p>{escaping.html(report.lead)}</p>\n'
        f'<nav aria-label="Sections"><details><summary>Contents</summary><ul>{links}</ul></details></nav>\n'
        f"{sections}</main>\n</body>\n</html>\n"
    )


def _folded(section: Section, anchor: str, pictures: Mapping[str, bytes]) -> str:
    # A link to an element inside opens the folded section. A link to the section itself would not.
    blocks = "".join(_block(block, pictures) for block in section.blocks)
    heading = f"<summary><h3>{escaping.html_text(section.title)}</h3></summary>"
    return f'<details class="section">{heading}\n<div id="{anchor}">\n{blocks}</div></details>\n'


def _section(section: Section, anchor: str, pictures: Mapping[str, bytes]) -> str:
    blocks = "".join(_block(block, pictures) for block in section.blocks)
    heading = f'<h2 id="{anchor}">{escaping.html_text(section.title)}</h2>'
    return f'<section aria-labelledby="{anchor}">\n{heading}\n{blocks}</section>\n'


def _block(block, pictures: Mapping[str, bytes]) -> str:
    match block:
        case Paragraph(text):
            return f"<p>{escaping.html(text)}</p>\n"
        case Bullets(items):
            return "<ul>" + "".join(f"<li>{escaping.html(item)}</li>\n" for item in items) + "</ul>\n"
        case Figure(name, caption, alt, narrow):
            data = base64.b64encode(pictures[name]).decode("ascii")
            image = f'<img alt="{escaping.html_attribute(alt)}" src="data:image/png;base64,{data}">'
            if narrow:
                data = base64.b64encode(pictures[narrow]).decode("ascii")
                source = f'<source media="(max-width: 40rem)" srcset="data:image/png;base64,{data}">'
                image = f"<picture>{source}{image}</picture>"
            return f"<figure>{image}<figcaption>{escaping.html(caption)}</figcaption></figure>\n"
        case Details(summary, blocks):
            inner = "".join(_block(b, pictures) for b in blocks)
            return f"<details><summary>{escaping.html_text(summary)}</summary>\n{inner}</details>\n"
        case Table():
            return _table(block)
    raise TypeError(f"no HTML for {type(block).__name__}")


def _table(table: Table) -> str:
    """The HTML of a table, in a box that scrolls sideways if the table is wider than the page. On a narrow page, a
    table with more than REFLOW columns is shown as a list of its rows."""
    # The shared columns of a group become one heading row, which saves half the width.
    header = "".join(
        f'<th scope="col"{"" if i < table.names else " class=number"}>{escaping.html(name)}</th>'
        for i, name in enumerate(table.header)
        if i >= table.grouped
    )
    body, before = [], None
    for number, row in enumerate(table.rows):
        if table.grouped and row[: table.grouped] != before:
            before = row[: table.grouped]
            body.append(_group(table, before, len(row) - table.grouped))
        cells = [_cell(table, number, column, text) for column, text in enumerate(row) if column >= table.grouped]
        body.append(f"<tr>{''.join(cells)}</tr>\n")
    caption, label = escaping.html(table.caption), escaping.html_attribute(table.caption.replace("`", ""))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">\n'
        f"<table{_kind(table)}><caption>{caption}</caption>\n"
        f"<thead><tr>{header}</tr></thead>\n<tbody>\n{''.join(body)}</tbody></table></div>\n"
    )


def _kind(table: Table) -> str:
    return " class=matrix" if table.shade else " class=reflow" if _reflows(table) else ""


def _reflows(table: Table) -> bool:
    return not table.shade and len(table.header) - table.grouped > REFLOW


def _group(table: Table, values: tuple[str, ...], width: int) -> str:
    rest = "".join(
        f"<span>{escaping.html(name.lower())}: {escaping.html(value)}</span>"
        for name, value in zip(table.header[1 : table.grouped], values[1:], strict=True)
    )
    return f'<tr><th class="group" scope="rowgroup" colspan="{width}">{escaping.html(values[0])}{rest}</th></tr>\n'


def _cell(table: Table, row: int, column: int, text: str) -> str:
    if column == table.grouped:
        return f'<th scope="row">{escaping.html(text)}</th>'
    named = f' data-column="{escaping.html_attribute(table.header[column])}"' if _reflows(table) else ""
    if column < table.names:
        return f"<td{named}>{escaping.html(text)}</td>"
    style = named
    if table.shade:
        style += f' style="background: rgba(var(--shade), {0.65 * table.shade[row][column - table.names]:.2f})"'
    return f'<td class="number"{style}>{escaping.html(text)}</td>'
