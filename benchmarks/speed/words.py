"""The words that are measured on: a language of the dataset, or the built-in Slovak."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmarks.speed.measure import Setting
from goldzone.data.builtin import load_builtin
from goldzone.data.languages import load_language
from goldzone.data.lexicon import Entry, Lexicon

__all__ = ["load_words", "write_words"]


def load_words(setting: Setting, language: str) -> Lexicon:
    """Read a language of the dataset; the built-in Slovak without one."""
    return load_language(setting.dataset, language) if setting.dataset else load_builtin("slovak")


def write_words(path: Path, entries: Iterable[Entry]) -> None:
    """Write a lexicon file, and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (
        f"{entry.word}\t{''.join(pronunciation)}\n"
        for entry in entries
        for pronunciation in entry.pronunciations
    )
    path.write_text("".join(rows), encoding="utf-8")
