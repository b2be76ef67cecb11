"""What the documents show in Python runs as it stands, beside files of the names that they use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from goldzone.g2p.phonemizer import Phonemizer

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "python.md", ROOT / "docs" / "phonemize.md")
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
BLOCKS = [
    pytest.param(block, id=f"{path.name}-{number}")
    for path in DOCUMENTS
    for number, block in enumerate(BLOCK.findall(path.read_text(encoding="utf-8")), 1)
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_python_runs(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phonemizer: Phonemizer
) -> None:
    monkeypatch.chdir(tmp_path)
    phonemizer.save("mine.goldzone")
    words = [f"{a}{b}{c}{d}" for a in "bdgk" for b in "aei" for c in "mnrt" for d in "ou"]
    Path("mine.dict").write_text("".join(f"{word}\t{word}\n" for word in words), encoding="utf-8")
    Path("others.tsv").write_text("bamen\tbamen\nchat\tkat\n", encoding="utf-8")
    exec(compile(block, "block", "exec"), {})  # noqa: S102 - the documents are the project's own
