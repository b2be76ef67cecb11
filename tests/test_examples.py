from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = [
    "goldzone.data.letters",
    "goldzone.data.segmentation",
    "goldzone.data.split",
    "goldzone.g2p.expansions",
    "goldzone.g2p.phonemizer",
    "goldzone.g2p.running_text",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_hold(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0
