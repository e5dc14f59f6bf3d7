"""Fixtures of the tests of `harness/export`."""

import pytest


@pytest.fixture(autouse=True)
def pictures(drawn_once):
    """Most of these tests make the report of the same results."""
