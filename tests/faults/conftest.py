"""A problem that takes a second: words, and configurations."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.data.builtin import load_builtin

TINY = """
[network]
neurons = 12
[capacity]
premodulo = 512
[pipeline]
sweeps = 2
neurons_per_sweep = 0.7
[selection]
strategy = "gold_zone"
"""

TOGETHER = f"""{TINY}
[beam]
batch = 16
"""

ONE_BY_ONE = f"""{TINY}pairs = 0.4
[credit]
kind = "rank"
"""


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lexicon file of 200 Slovak words."""
    path = tmp_path_factory.mktemp("lexicon") / "words.tsv"
    entries = load_builtin("slovak").entries[:200]
    rows = [f"{entry.word}\t{''.join(entry.pronunciations[0])}\n" for entry in entries]
    path.write_text("".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session", params=[TOGETHER, ONE_BY_ONE], ids=["together", "one by one"])
def tiny_toml(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of 13 neurons, which learn together or one by one."""
    path = tmp_path_factory.mktemp("config") / "tiny.toml"
    path.write_text(request.param)
    return path
