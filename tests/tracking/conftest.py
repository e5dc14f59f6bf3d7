"""Fixtures of the tests of `harness/tracking`."""

import pytest


@pytest.fixture(autouse=True)
def pictures(drawn_once):
    """Most of these tests mirror the same results, with their pictures."""
