"""Phonetisaurus by `benchmarks.phonetisaurus`: seconds to train, words said a second, bytes, and words wrong.

Both are run by their command lines on the same split. Saying words is timed as the difference between many
words, all different, and one: what starting the program and loading the model takes cancels out.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from benchmarks.command import run
from benchmarks.phonetisaurus import Measured, goldzone, phonetisaurus
from benchmarks.speed.measure import Figure, Setting
from benchmarks.speed.positions import LANGUAGE
from benchmarks.speed.words import load_words, write_words
from goldzone.data.lexicon import Entry
from goldzone.data.split import first_by_hash, split_lexicon

__all__ = ["figures"]

_TRAIN_WORDS, _ASKED = 10_000, 20_000
_QUICK_TRAIN_WORDS, _QUICK_ASKED = 200, 2_000


def figures(setting: Setting) -> list[Figure]:
    """Train and ask both.

    Raises
    ------
    ModuleNotFoundError
        Phonetisaurus is not installed.
    """
    if find_spec("phonetisaurus") is None:
        raise ModuleNotFoundError("phonetisaurus", name="phonetisaurus")
    words = _QUICK_TRAIN_WORDS if setting.quick else _TRAIN_WORDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lexicon = load_words(setting, LANGUAGE)
        dataset, language = setting.dataset or folder / "dataset", LANGUAGE
        if setting.dataset is None:
            write_words(dataset / language / "lexicon.tsv", lexicon.entries)
        if not setting.quick:  # the first run on a machine compiles
            goldzone(dataset, language, _QUICK_TRAIN_WORDS, 1, folder / "warm-up")
        split = split_lexicon(lexicon)
        train = list(first_by_hash(split.train, words).entries)
        ours, _ = goldzone(dataset, language, words, 1, folder / "run")
        peer = phonetisaurus(train, list(split.test.entries), folder)
        asked = _askable(train, lexicon.entries, _QUICK_ASKED if setting.quick else _ASKED)
        tool = str(Path(sys.executable).with_name("phonetisaurus"))
        spoken = [
            _words_per_second(command, asked, 1 if setting.quick else 3)
            for command in (
                [sys.executable, "-m", "goldzone", "phonemize", str(folder / "run")],
                [tool, "predict", "--model", str(folder / "model.fst")],
            )
        ]
    return _figures(ours, peer, spoken)


def _figures(ours: Measured, peer: Measured, spoken: list[float]) -> list[Figure]:
    pairs = {
        "train_seconds": (ours.train_seconds, peer.train_seconds, "s"),
        "train_memory": (ours.train_megabytes, peer.train_megabytes, "MB"),
        "model": (float(ours.model_bytes), float(peer.model_bytes), "bytes"),
        "wrong_words": (1 - ours.word_accuracy, 1 - peer.word_accuracy, "of the test words"),
    }
    return [
        *(
            Figure(
                f"peer_phonetisaurus.{name}",
                value,
                unit,
                peer="Phonetisaurus",
                ratio=value / other if other else None,
            )
            for name, (value, other, unit) in pairs.items()
        ),
        Figure(
            "peer_phonetisaurus.words_per_second",
            spoken[0],
            "words/s",
            "higher",
            peer="Phonetisaurus",
            ratio=spoken[0] / spoken[1],
        ),
    ]


def _askable(train: list[Entry], entries: tuple[Entry, ...], count: int) -> list[str]:
    """List different words that Phonetisaurus takes."""
    seen = {letter for entry in train for letter in entry.letters if not letter.isspace()}
    words = {"".join(e.letters) for e in entries if seen.issuperset(e.letters) and not e.word.startswith("-")}
    return sorted(words)[:: max(1, len(words) // count)][:count]


def _words_per_second(command: list[str], words: list[str], repeats: int) -> float:
    few = words[:1]
    shortest, longest = (
        min(run(command, "\n".join(asked) + "\n").seconds for _ in range(repeats)) for asked in (few, words)
    )
    return (len(words) - len(few)) / max(longest - shortest, 1e-3)
