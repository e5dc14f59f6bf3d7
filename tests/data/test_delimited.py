"""Delimited text as pandas, spreadsheets and people write it."""

import csv
import io
import re

import pandas
import pytest

from harness.data import tabular
from harness.data.discretion import errors_without_data
from harness.errors import DataError, RegistryError

COLUMNS = {"id": "id", "text": "tekst", "label": "label"}
TEXTS = ['Hun sa "vondt" igjen', "To\tkolonner", "To\nlinjer", 'Bare "', "Enkel tekst", '"Hele" setningen "her"']


def frame(texts):
    return pandas.DataFrame({"id": range(len(texts)), "tekst": texts, "label": ["a"] * len(texts)})


def read(folder, content, file="a.tsv", **more):
    (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return tabular.table(file, columns=COLUMNS, **more)(folder)


def texts(reading):
    return [record["text"] for record in reading.records]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("given", [TEXTS, TEXTS[:1], [TEXTS[0], TEXTS[4]], [TEXTS[1], TEXTS[4]], TEXTS[4:5]])
def test_a_tsv_that_pandas_wrote_has_the_texts_that_pandas_had(tmp_path, quoting, given):
    assert texts(read(tmp_path, frame(given).to_csv(sep="\t", index=False, quoting=quoting))) == given


def test_quotes_that_are_text_stay(tmp_path):
    rows = ['1\t"Hei" sa han\ta', '2\tHan sa "Hei"\ta', '3\t"Nei"\ta', '4\t"\ta', "5\tingen\ta"]
    given = [row.split("\t")[1] for row in rows]
    assert texts(read(tmp_path, "\n".join(["id\ttekst\tlabel", *rows]))) == given
    # One sentence of many that stands in quotes is no quoting: that would have been written with three of them.
    assert texts(read(tmp_path, "\n".join(["id\ttekst\tlabel", rows[2], rows[4]]))) == ['"Nei"', "ingen"]


def test_quotes_that_may_be_either_are_the_tasks_to_say(tmp_path):
    content = 'id\ttekst\tlabel\n1\t"Hun sa ""au"" da"\ta\n2\t"Nei" sa han\ta\n3\t"Nei"\ta\n'
    with pytest.raises(DataError, match=r'(?s)not clear whether the quotes belong.*quotes="quoting".*line 3'):
        read(tmp_path, content)
    assert texts(read(tmp_path, content, quotes="text"))[0] == '"Hun sa ""au"" da"'
    with pytest.raises(DataError, match=r"not separated values.*line 3"):
        read(tmp_path, content, quotes="quoting")
    quoted = content.replace('2\t"Nei" sa han\ta\n', "")
    assert texts(read(tmp_path, quoted, quotes="quoting")) == ['Hun sa "au" da', "Nei"]
    # As R writes them, with a backslash.
    with pytest.raises(DataError, match=r"not separated values.*line 2"):
        read(tmp_path, '"id"\t"tekst"\t"label"\n"1"\t"Hun sa \\"au\\" da"\t"a"\n')


@pytest.mark.parametrize("delimiter", ["||", "\t\t", '"', "\n", 5, None])
def test_what_cannot_be_a_delimiter_is_refused_with_the_declaration(tmp_path, delimiter):
    from harness.plugins import creating, registry

    with pytest.raises(ValueError, match="delimiter="):
        tabular.table("a.csv", columns=COLUMNS, delimiter=delimiter)
    (tmp_path / "tasks").mkdir()
    creating.create(tmp_path, "triage", "sequence", "csv")
    path = tmp_path / "tasks" / "triage.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('others="refuse"', f'others="refuse", delimiter={delimiter!r}'), encoding="utf-8")
    with pytest.raises(RegistryError, match=r"tasks/triage.py, line \d+: ValueError: delimiter="):
        registry.get(tmp_path, "triage")


def test_names_that_stand_twice_are_refused(tmp_path):
    with pytest.raises(ValueError, match="names= has a column twice"):
        tabular.table("a.csv", columns=COLUMNS, names=("id", "tekst", "tekst", "label"))


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        ("sep=;\nid;tekst;label\n1;hei;a\n", {"delimiter": ";"}, r"sep=;, which spreadsheets add .* line 1"),
        ('"sep=;"\r\nid;tekst;label\r\n1;hei;a\r\n', {"delimiter": ";"}, r"sep=;, which spreadsheets add .* line 1"),
        ("SEP=;\r\nid;tekst;label\r\n1;hei;a\r\n", {"delimiter": ";"}, r"sep=;, which spreadsheets add .* line 1"),
        ('"id";"tekst";"label"\n"1";"hei";"a"\n', {}, r"if the delimiter is ';', set delimiter=';' .* line 1"),
        ("sep=,\nid,tekst,label\n1,hei,a\n", {}, r"remove it and set delimiter=',' .* line 1"),
        ("id;tekst;label\n1;hei;a\n", {}, r"one column: if the delimiter is ';', set delimiter=';' .* line 1"),
        ("id,tekst,label,\n1,hei,a,\n2,du,a,\n", {}, r"an empty column without a name.* number 4 .* line 1"),
        ("id,tekst,label,,\n1,hei,a,,\n", {}, r"(?s)number 5 .* number 4 "),
        (
            "id,tekst,label\n1,hei,a,\n",
            {},
            r"4 cells instead of 3; the last is empty, because the line ends .* line 2",
        ),
        (",id,tekst,label\n0,1,hei,a\n", {}, r"unknown column \(an index that pandas wrote.* number 1 .* line 2"),
        ("Unnamed: 0,id,tekst,label\n0,1,hei,a\n", {}, r"unknown column \(an index that pandas wrote.* number 1 "),
        ("id,tekst,label,\n1,hei,a,x\n", {}, r"unknown column \(without a name\) .* number 4 "),
        ("id,tekst,label,tekst\n1,hei,a,du\n", {}, r"a column name occurs twice +tekst +1 +line 1"),
    ],
)
def test_what_spreadsheets_and_pandas_leave_is_named_by_its_cause(tmp_path, content, more, said):
    with pytest.raises(DataError, match=said):
        read(tmp_path, content, "a.csv", **more)


def test_an_index_and_empty_columns_can_be_left_aside(tmp_path):
    for content in (",id,tekst,label\n0,1,hei,a\n", "id,tekst,label,,\n1,hei,a,,\n"):
        assert texts(read(tmp_path, content, "a.csv", others="ignore")) == ["hei"]


def test_columns_of_restricted_data_are_called_by_their_number(tmp_path):
    content = "id,tekst,label,Kari,tekst\n1,hei,a,x,y\n"
    with pytest.raises(DataError) as caught, errors_without_data("restricted", "site", tmp_path):
        read(tmp_path, content, "a.csv")
    assert re.search(r"unknown column +number 4 ", str(caught.value)), str(caught.value)
    assert re.search(r"occurs twice +number 5 ", str(caught.value)) and "Kari" not in str(caught.value)


def test_a_parquet_column_that_stands_twice_is_named(tmp_path):
    import pyarrow
    import pyarrow.parquet

    arrays = [pyarrow.array([value]) for value in ("1", "hei", "du", "a")]
    table = pyarrow.Table.from_arrays(arrays, names=["id", "tekst", "tekst", "label"])
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a column name occurs twice +tekst +1 +schema"):
        tabular.table("a.parquet", columns=COLUMNS)(tmp_path)
    (tmp_path / "b").mkdir()
    with pyarrow.ipc.new_stream(tmp_path / "b" / "a.arrow", table.schema) as stream:
        stream.write_table(table)
    with pytest.raises(DataError, match=r"a column name occurs twice +tekst +1 +schema"):
        tabular.dataset(columns=COLUMNS)(tmp_path / "b")
    fields = pyarrow.StructArray.from_arrays([pyarrow.array(["x"]), pyarrow.array(["y"])], names=["A", "A"])
    pyarrow.parquet.write_table(pyarrow.table({"o": fields}), tmp_path / "c.parquet")
    with pytest.raises(DataError, match=r"c.parquet: .*two fields of the same name"):
        tabular.table("c.parquet", columns=COLUMNS)(tmp_path)


def test_an_index_that_pandas_wrote_into_parquet_is_named(tmp_path):
    frame(["hei"]).set_index(pandas.Index([7])).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"unknown column \(an index that pandas wrote"):
        tabular.table("a.parquet", columns=COLUMNS)(tmp_path)


def test_every_way_of_quoting_round_trips_or_is_refused(tmp_path):
    """No text is read as another one: over many small tables, each is read as it was, or refused."""
    import itertools

    pieces = ['"', '""', "a", '"a"', '"a', "a\tb", 'a"b', '"a" b', "a\nb"]
    refused = 0
    for first, second in itertools.product(pieces, repeat=2):
        content = frame([f"{first}", f"{second}", "c"]).to_csv(sep="\t", index=False)
        try:
            assert texts(read(tmp_path, content)) == [first, second, "c"]
        except DataError:
            refused += 1
    assert refused == 0
    out = io.StringIO()
    for first, second in itertools.product([p for p in pieces if "\t" not in p and "\n" not in p], repeat=2):
        out = f"id\ttekst\tlabel\n1\t{first}\ta\n2\t{second}\ta\n3\tc\ta\n"
        try:
            assert texts(read(tmp_path, out)) == [first, second, "c"], out
        except DataError as error:
            assert "not clear whether the quotes" in str(error)
