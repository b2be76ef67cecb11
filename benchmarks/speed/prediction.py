"""Prediction: the compiled search, the whole command, one word, and loading; beside the search word by word.

The model is trained with the default configuration; words are distinct, so that nothing is gained by words
that come again, as they do in a text: first those of the lexicon, then words put together of halves of two.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numba import njit
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.speed.measure import Figure, Setting, best_seconds
from benchmarks.speed.words import load_words
from goldzone.data.lexicon import Lexicon
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.phonemizer import Phonemizer
from goldzone.hashtron.kernels import hash32
from goldzone.hashtron.neuron_codec import encode_neurons
from goldzone.training.config import TrainingConfig

__all__ = ["distinct_words", "figures"]

WORDS = 100_000
QUICK_WORDS = 1_000
LEAST_WORDS_A_SECOND = {1: 20_000.0, 5: 5_000.0}
"""By beam."""

MOST_WORD_MS = 1.0
MOST_LOADING_MS = 50.0


@njit(nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def hash_and_read(
    features: NDArray[np.uint32], cells: NDArray[np.uint8], hashed: NDArray[np.uint32], out: NDArray[np.uint8]
) -> None:
    """Hash each feature and read a byte there: what one neuron costs for a candidate, and nothing else."""
    for index in range(features.shape[0]):
        hashed[index] = hash32(features[index], 1, cells.shape[0])
    for index in range(features.shape[0]):
        out[index] = cells[hashed[index]]


def distinct_words(lexicon: Lexicon, count: int, random: Generator) -> list[str]:
    """List words of a lexicon, then of halves of them, in random order."""
    words = list(dict.fromkeys(entry.word for entry in lexicon.entries))
    found = dict.fromkeys(words)
    while len(found) < count:
        first, second = (words[index] for index in random.integers(len(words), size=2).tolist())
        found[first[: (len(first) + 1) // 2] + second[len(second) // 2 :]] = None
    chosen = list(islice(found, count))
    random.shuffle(chosen)
    return chosen


def figures(setting: Setting) -> list[Figure]:
    """Measure on French of the data set, or on built-in Slovak."""
    config = TrainingConfig()
    lexicon = load_words(setting, "french")
    if setting.dataset is None:
        config = TrainingConfig.model_validate(
            {"pipeline": {"sweeps": 1}, "network": {"neurons": 57 if setting.quick else 448}}
        )
    phonemizer = Phonemizer.train(lexicon, config=config, all_words=False, threads=setting.threads)
    words = distinct_words(lexicon, QUICK_WORDS if setting.quick else WORDS, np.random.default_rng(1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.goldzone"
        phonemizer.save(path)
        return [
            *_searches(phonemizer, words, setting),
            *_commands(path, words, setting),
            *_single_words(phonemizer, path, words, setting),
        ]


def _searches(phonemizer: Phonemizer, words: list[str], setting: Setting) -> list[Figure]:
    """Time the phonemizer on all words, beside the hashes and reads that asking every neuron would take."""
    probes = _probes(phonemizer, words[:2000])
    features = np.random.default_rng(1).integers(2**32, size=4096, dtype=np.uint32)
    cells, hashed = np.zeros(8192, dtype=np.uint8), np.empty_like(features)
    out = np.empty(features.size, dtype=np.uint8)
    jobs: dict[str, Callable[[], object]] = {
        "floor": lambda: [hash_and_read(features, cells, hashed, out) for _ in range(100)]
    }
    for beam in LEAST_WORDS_A_SECOND:
        jobs[f"beam {beam}"] = partial(phonemizer.phonemize, words, beam=beam, threads=setting.threads)
    seconds = best_seconds(jobs, min(3, setting.repeats))
    every = setting.threads * features.size * 100 / seconds["floor"] / probes
    return [
        Figure(
            f"prediction.words_beam_{beam}",
            len(words) / seconds[f"beam {beam}"],
            "words/s",
            better="higher",
            bound=least,
            peer="bare hashes and reads for all neurons and candidates, beam 1",
            ratio=len(words) / seconds[f"beam {beam}"] / every,
        )
        for beam, least in LEAST_WORDS_A_SECOND.items()
    ]


def _probes(phonemizer: Phonemizer, words: list[str]) -> float:
    """Count how often a word asks a neuron about a candidate, when each is asked once."""
    decoder = Decoder(phonemizer.model)
    sizes = np.diff(phonemizer.model.candidates.offsets)
    symbols = [symbol for word in words for symbol in decoder.encode(decoder.letters(word)) if symbol >= 0]
    asked = sizes[symbols][sizes[symbols] > 1].sum()
    return len(phonemizer.model.committee.tables) * float(asked) / len(words)


def _commands(path: Path, words: list[str], setting: Setting) -> list[Figure]:
    """Time ``goldzone phonemize`` from the file of words to the written answers, its start included."""
    source, target = path.with_name("words"), path.with_name("answers")
    source.write_text("\n".join(words) + "\n", encoding="utf-8")
    found = []
    for beam, least in LEAST_WORDS_A_SECOND.items():
        command = [sys.executable, "-m", "goldzone", "phonemize", str(path)]
        command += ["--beam", str(beam), "--threads", str(setting.threads)]

        def run(command: list[str] = command) -> None:
            with source.open("rb") as stdin, target.open("wb") as stdout:
                subprocess.run(command, stdin=stdin, stdout=stdout, check=True, env=os.environ)

        seconds = best_seconds({"command": run}, 1 if setting.quick else 2, warm_up=not setting.quick)
        rate = len(words) / seconds["command"]
        found.append(Figure(f"prediction.command_beam_{beam}", rate, "words/s", better="higher", bound=least))
    return found


def _single_words(phonemizer: Phonemizer, path: Path, words: list[str], setting: Setting) -> list[Figure]:
    """Time one word at a time (the mean of some), loading, and one neuron's bytes for the journal."""
    following = cycle(words)
    table = phonemizer.model.committee.tables[:1]
    for word in islice(words, 20):
        phonemizer(word)
    some = 20 if setting.quick else 500
    start = time.perf_counter()
    for word in islice(following, some):
        phonemizer(word)
    one_word = (time.perf_counter() - start) / some
    jobs: dict[str, Callable[[], object]] = {
        "load": lambda: Phonemizer.load(path),
        "encode": lambda: [encode_neurons(table) for _ in range(100)],
    }
    seconds = best_seconds(jobs, setting.repeats)
    return [
        Figure("prediction.single_word", one_word * 1e3, "ms", bound=MOST_WORD_MS),
        Figure("prediction.load", seconds["load"] * 1e3, "ms", bound=MOST_LOADING_MS),
        Figure("prediction.encode_neuron", seconds["encode"] / 100 * 1e6, "us"),
    ]
