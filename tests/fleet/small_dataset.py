"""Languages of 80 words that train in a fraction of a second."""

from __future__ import annotations

import json
from pathlib import Path

from goldzone.training.config import TrainingConfig

CONFIG = TrainingConfig.model_validate(
    {"network": {"neurons": 20}, "pipeline": {"sweeps": 2}, "capacity": {"premodulo": 1024}}
)


def add_language(dataset: Path, name: str, rows: int = 80) -> Path:
    """Write a language's lexicon and settings; return its folder."""
    words = [f"{a}{b}{c}" for a in "bdgk" for b in "aeiou" for c in "mnrl"][:rows]
    folder = dataset / name
    folder.mkdir(parents=True)
    (folder / "lexicon.tsv").write_text("".join(f"{word}\t{word}\n" for word in words), encoding="utf-8")
    (folder / "language.json").write_text(json.dumps({"PrePhonWordSteps": [{"ToLower": True}]}))
    return folder
