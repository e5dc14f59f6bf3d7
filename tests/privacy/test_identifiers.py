"""What the gate takes for an identity number, a telephone number or an e-mail address, and what not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.privacy.identifiers import count, is_identity_number, lookalikes, of_document, total

QUICK = settings(max_examples=200, deadline=None, derandomize=True)


def check_digits(nine: str) -> str | None:
    """The two check digits as the tax administration describes them; None where there are none."""
    digits = [int(digit) for digit in nine]
    first = (11 - sum(w * d for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2), digits, strict=True)) % 11) % 11
    second = (11 - sum(w * d for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), [*digits, first], strict=True)) % 11) % 11
    return None if 10 in (first, second) else f"{first}{second}"


def number(day: int, month: int, year: int = 85) -> str:
    """The first valid number of that day: made when it is wanted, so that none of a person stands here."""
    for individual in range(1000):
        nine = f"{day:02}{month:02}{year:02}{individual:03}"
        if digits := check_digits(nine):
            return nine + digits
    raise AssertionError


@pytest.mark.parametrize("day", [0, 40], ids=["birth", "D"])
@pytest.mark.parametrize("month", [0, 40, 80], ids=["real", "+40", "+80"])
def test_every_kind_of_identity_number(day, month):
    assert is_identity_number(number(17 + day, 5 + month))
    assert not is_identity_number(number(32 + day, 5 + month))
    assert not is_identity_number(number(17 + day, 13 + month))
    assert not is_identity_number(number(30 + day, 2 + month))
    assert is_identity_number(number(29 + day, 2 + month, 84))
    assert not is_identity_number(number(29 + day, 2 + month, 85))


@QUICK
@given(st.integers(1, 28), st.integers(81, 92), st.integers(0, 99), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_makes_it_invalid(day, month, year, place, shift):
    """Which is what the check digits are for."""
    valid = number(day, month, year)
    wrong = valid[:place] + str((int(valid[place]) + shift) % 10) + valid[place + 1 :]
    assert is_identity_number(valid) and not is_identity_number(wrong)


N = number(17, 85)


@pytest.mark.parametrize(
    "written",
    [N, f"{N[:6]} {N[6:]}", f"{N[:6]}-{N[6:]}", f"{N[:2]}.{N[2:4]}.{N[4:6]} {N[6:]}", f"{N[:6]}\u00a0{N[6:9]} {N[9:]}"],
)
@pytest.mark.parametrize("around", ["Pasient {}, innlagt", "{}", "fnr.:{}.", "1 {} 2"])
def test_identity_numbers_as_they_are_written(written, around):
    assert count(around.format(written)) == {"identity_number": 1}


@pytest.mark.parametrize("text", [f"1{N}", f"{N}2", f"{N[:-1]}{(int(N[-1]) + 1) % 10}", N[:10]])
def test_other_runs_of_digits_are_no_identity_numbers(text):
    assert count(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Tlf. 22123456.", "ring 22 12 34 56 nå", "mobil 912 34 567", "(+47) 22 12 34 56", "+4722123456", "004722123456",
        "+47 912 34 567", "00 47 22 12 34 56", "22\u00a012\u00a034\u00a056", "tlf:41234567,", "Ring 116 eller 22123456",
        "rom 3 22 12 34 56",
    ],
)  # fmt: skip
def test_telephone_numbers(text):
    assert count(text) == {"telephone_number": 1}


@pytest.mark.parametrize(
    "text",
    [
        "20240131", "31122023", "31.12.2023 kl. 10.30", "2023-12-31", "12.05.2023-14.05.2023", "1234567", "223456789",
        "kr 25 000 000", "22 12 34", "20 30 40 50 60", "10 20 30 40 50", "3.14159265", "22123456-01", "a22123456",
        "22123456x", "12345678", "ISBN 978-82-02-12345-6", "kl 22 12 2023 56", "22123456789", "120/80 96 37,5 98",
    ],
)  # fmt: skip
def test_what_is_no_telephone_number(text):
    assert count(text) == {}


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("skriv til kari.nordmann@helse-vest.no.", 1),
        ("a@b.no, c_d+e@f.g.com", 2),
        ("ÅSE@sykehus.no", 1),
        ("@navn", 0),
        ("a @ b.no", 0),
        ("pris 5 kr@stykk", 0),
        ("a@b.1", 0),
    ],
)
def test_email_addresses(text, n):
    assert count(text) == ({"email_address": n} if n else {})


def test_kinds_are_counted_apart_and_each_place_once():
    text = f"{N} og {N[:6]} {N[6:]}, tlf. 22 12 34 56 eller +47 22123457, a@b.no"
    assert count(text) == {"identity_number": 2, "telephone_number": 2, "email_address": 1}


def test_invented_identity_numbers_are_counted_apart_and_are_no_finding():
    wrong = f"{N[:-1]}{(int(N[-1]) + 1) % 10}"
    for text in (wrong, f"{wrong[:6]} {wrong[6:]}", f"{wrong[:2]}.{wrong[2:4]}.{wrong[4:6]}-{wrong[6:]}"):
        assert lookalikes(f"fnr {text} og {N}") == 1 and count(text) == {}
    assert lookalikes("12345678901 98765 432 101") == 1  # one that begins with no day, and one that nobody writes so
    for text in ("1234", N, f"{wrong}1", "ingen"):
        assert lookalikes(text) == 0


def test_an_id_counts_but_its_eight_digits_are_no_telephone_number():
    assert of_document({"id": "22123456", "text": "x"}) == {}
    assert of_document({"id": f"notes/{N}.txt", "text": f"{N} 22123456"}) == {
        "identity_number": 2,
        "telephone_number": 1,
    }


@pytest.mark.parametrize(
    "text", ["1 " * 50_000, "a" * 200_000 + "@", "a." * 50_000 + "@" + "a." * 50_000, "@" * 100_000]
)
def test_long_strange_texts_take_no_time(text):
    assert count(text) == {}


def test_total_for_a_reader():
    assert total({"telephone_number": 1, "identity_number": 1200, "email_address": 0}) == (
        "1,200 identity numbers, 1 telephone number"
    )
    assert total({"email_address": 2}) == "2 e-mail addresses"
