"""Progress through files, as lines where there is no terminal."""

from harness.system import progress


def test_a_line_for_each_tenth_and_none_twice(capsys):
    more = progress._amount_lines("corpus", 2_000_000)
    for _ in range(8):
        more(125, 250_000)
    assert capsys.readouterr().err.splitlines() == [
        f"corpus: {percent} % of 2 MB, {documents:,} documents done"
        for percent, documents in (
            (10, 125),
            (20, 250),
            (30, 375),
            (50, 500),
            (60, 625),
            (70, 750),
            (80, 875),
            (100, 1000),
        )
    ]


def test_nothing_to_read_is_no_error(capsys):
    with progress.amounts_progress("corpus", 0) as more:
        more(3, 0)
    assert "100 %" not in capsys.readouterr().err
