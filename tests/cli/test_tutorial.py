"""The commands of docs/formats.md, "From CMUdict to a dictionary for MFA", on a sample of CMUdict."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from tests.cli.conftest import Goldzone
from tests.naive.dictionaries import mfa_rows

ROOT = Path(__file__).parents[2]
ARPABET = re.compile(r"(?:AA|AE|AH|AO|AW|AY|EH|ER|EY|IH|IY|OW|OY|UH|UW)[012]|[A-Z]{1,2}")


def test_the_commands_of_the_tutorial_work(goldzone: Goldzone, quick_toml: Path) -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    section = text.partition("## From CMUdict to a dictionary for MFA\n")[2].partition("\n## ")[0]
    commands = [shlex.split(line) for line in section.splitlines() if line.startswith("    goldzone ")]
    assert [command[1] for command in commands] == ["train", "evaluate", "lexicon"]
    shutil.copy(ROOT / "tests" / "data" / "cases" / "cmudict-0.7b.txt", "cmudict-0.7b")
    Path("corpus.txt").write_text("The ALTITUDES of Zarnakov, and Zarnakov's accretions.\n", encoding="utf-8")
    for command in commands:
        quick = ["--config", str(quick_toml)] if command[1] == "train" else []
        everything = ["--part", "all"] if command[1] == "evaluate" else []
        finished = goldzone(*command[1:], *quick, *everything)
        assert finished.code == 0, finished.err
    rows = mfa_rows(Path("new.dict").read_text(encoding="utf-8"))
    words = [row[0].lower() for row in rows]
    assert "zarnakov" in words
    assert "altitudes" not in words
    assert all(ARPABET.fullmatch(phone) for row in rows for phone in row[-1])
