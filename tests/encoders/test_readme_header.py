"""What the README of somebody else's checkpoint states, however it is written."""

import pytest

from harness.encoders.readme_header import stated_header

NONE = {"id": None, "name": None, "link": None}


@pytest.mark.parametrize(
    ("content", "licence", "language"),
    [
        ("---\nlicense: cc-by-4.0\nlanguage: no\n---\n# x\n", {"id": "cc-by-4.0"}, ["no"]),
        ("---\nlanguage:\n- no\n- nb\n- nn\nlicense: apache-2.0\n---\n", {"id": "apache-2.0"}, ["no", "nb", "nn"]),
        ("---\nlanguage:\n- 'no'\n---\n", None, ["no"]),
        (
            "---\nlicense: other\nlicense_name: own\nlicense_link: LICENSE\n---\n",
            {"id": "other", "name": "own", "link": "LICENSE"},
            None,
        ),
        ("---\nlicense: [mit, apache-2.0]\n---\n", {"id": "mit, apache-2.0"}, None),
        ("# no header\nlicense: mit\n", None, None),
        ("", None, None),
        ("---\nlicense: [\n---\n", None, None),
        ("---\n- a list\n---\n", None, None),
        ("---\nlicense: {a: b}\nlanguage: {a: b}\n---\n", None, None),
        ("---\nlicense: 5\nlanguage: [5, null, [no]]\n---\n", None, None),
        ("---\nlicense: !!python/object/apply:os.getcwd []\n---\n", None, None),
        (f"---\nlicense: {'x' * 201}\n---\n", None, None),
        ('---\nlicense: "a\\nb"\n---\n', None, None),
    ],
)
def test_licence_and_language_are_read_or_nothing_is_claimed(content, licence, language, tmp_path):
    (tmp_path / "README.md").write_text(content, encoding="utf-8")
    expected = {**NONE, **licence} if licence else None
    assert stated_header(tmp_path) == {"licence": expected, "language": language}


def test_bytes_that_are_no_text_state_nothing(tmp_path):
    (tmp_path / "README.md").write_bytes(b"---\nlicense: \xff\xfe\n---\n")
    assert stated_header(tmp_path) == {"licence": None, "language": None}


def test_no_readme_is_no_statement(tmp_path):
    assert stated_header(tmp_path) is None
