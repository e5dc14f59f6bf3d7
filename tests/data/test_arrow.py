"""Parquet and Arrow files that are damaged: refused in words that hold nothing of them, and never a crash."""

import subprocess
import sys

import pytest

# Damage may crash the process, which is then not that of the tests.
DAMAGING = """
import random, sys
from pathlib import Path
import pyarrow, pyarrow.parquet
from harness.data import arrow
from harness.errors import DataError

folder, ending, chance = Path(sys.argv[1]), sys.argv[2], random.Random(3)
times = pyarrow.array([10**15 + i for i in range(50)], pyarrow.timestamp("us"))
texts = [f"Qzxcanvalue{i}" for i in range(50)]
table = pyarrow.table({"Qzxcancolumn": texts, "Qzxcanother": texts, "Qzxcantime": times})
path = folder / f"whole.{ending}"
if ending == "parquet":
    pyarrow.parquet.write_table(table, path, compression="none")
else:
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
whole, refused = path.read_bytes(), 0
for _ in range(1500):
    content = bytearray(whole)
    for _ in range(chance.choice((1, 1, 3))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path = folder / f"damaged.{ending}"
    path.write_bytes(content[: chance.randrange(len(content))] if chance.random() < 0.2 else content)
    try:
        list(arrow.arrow_rows(path))
    except DataError as error:
        refused += 1
        assert "qzxcan" not in str(error).lower() or "column name occurs twice" in str(error), str(error)
print(refused)
"""


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_damage_anywhere_is_refused_without_a_word_of_the_file(ending, tmp_path):
    command = [sys.executable, "-c", DAMAGING, str(tmp_path), ending]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 300
