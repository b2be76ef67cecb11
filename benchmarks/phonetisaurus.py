"""goldzone beside Phonetisaurus: same words, split and segments, one after the other on the same machine.

    python -m benchmarks.phonetisaurus --dataset DIR [--language french ...] [--words 20000] [--out FILE]

Needs `pip install goldzone[benchmarks]`. Prints a Markdown table, and writes JSON with ``--out``. Trains on
the first words (by hash) of each language's train part, tests on its whole test part. A word counts as right
when the prediction is one of its listed pronunciations. Phonetisaurus gets each letter as one character of
its own, so that blanks, signs and letters of several characters cost it nothing; words with letters that it
never saw are kept from it and count as its errors.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks import command
from goldzone.data.languages import load_language
from goldzone.data.lexicon import Entry
from goldzone.data.notation import Segments
from goldzone.data.split import first_by_hash, split_lexicon
from goldzone.errors import DataError
from goldzone.g2p.scoring import score_words

_FIRST: Final = 0x4E00
"""The first of the characters that stand for letters: Han characters, of which there are `_ROOM`."""
_ROOM: Final = 20_000


@dataclass(frozen=True)
class Measured:
    """One system on one language."""

    word_accuracy: float
    interval: tuple[float, float]
    phoneme_error: float
    model_bytes: int
    train_seconds: float
    train_megabytes: float


def goldzone(dataset: Path, language: str, words: int, seed: int, folder: Path) -> tuple[Measured, str]:
    """Train by the command line; return what was measured and the model's digest."""
    summary, finished = command.train(language, folder, dataset=dataset, words=words, seed=seed)
    ask = [sys.executable, "-m", "goldzone", "evaluate", str(folder), language, "--dataset", str(dataset)]
    test = json.loads(command.run([*ask, "--part", "test", "--json"]).output)  # all of it, whatever --limit
    low, high = test["word_error_interval"]
    measured = Measured(
        1 - test["word_error"],
        (1 - high, 1 - low),
        test["phoneme_error"],
        summary["bytes"],
        finished.seconds,
        finished.megabytes,
    )
    return measured, summary["digest"]


def phonetisaurus(train: Sequence[Entry], test: Sequence[Entry], folder: Path) -> Measured:
    """Train and ask Phonetisaurus through its command line."""
    tool = str(Path(sys.executable).with_name("phonetisaurus"))
    lexicon, model = folder / "lexicon.txt", folder / "model.fst"
    letters = sorted({letter for entry in train for letter in entry.letters})
    if len(letters) > _ROOM:
        raise DataError(f"{folder}: {len(letters)} letters are more than Phonetisaurus can be given here")
    known = {letter: chr(_FIRST + number) for number, letter in enumerate(letters)}
    rows = [
        f"{''.join(known[letter] for letter in entry.letters)} {' '.join(pronunciation)}"
        for entry in train
        for pronunciation in entry.pronunciations
    ]
    lexicon.write_text("\n".join(rows) + "\n", encoding="utf-8")
    trained = command.run([tool, "train", str(lexicon), "--model", str(model)])
    spelled = ["".join(known.get(letter, "") for letter in entry.letters) for entry in test]
    whole = [len(word) == len(entry.letters) for word, entry in zip(spelled, test, strict=True)]
    asked = {word for word, every in zip(spelled, whole, strict=True) if every}
    said = command.run([tool, "predict", "--model", str(model)], "\n".join(sorted(asked)) + "\n")
    found: dict[str, Segments] = {}
    for line in said.output.splitlines():
        word, *segments = line.split()
        found.setdefault(word, tuple(segments))
    guesses = [found.get(word, ()) if every else () for word, every in zip(spelled, whole, strict=True)]
    scores = score_words(guesses, [e.pronunciations for e in test])
    interval = scores.word_error_interval
    return Measured(
        scores.word_accuracy,
        (1 - interval.high, 1 - interval.low),
        scores.phoneme_error,
        model.stat().st_size,
        trained.seconds,
        trained.megabytes,
    )


def compare(dataset: Path, language: str, words: int, seed: int) -> dict[str, object]:
    """Train and test both on one language."""
    split = split_lexicon(load_language(dataset, language))
    train, test = first_by_hash(split.train, words).entries, split.test.entries
    with tempfile.TemporaryDirectory() as folder:
        ours, digest = goldzone(dataset, language, words, seed, Path(folder) / "run")
        peer = phonetisaurus(train, test, Path(folder))
    return {
        "language": language,
        "train_words": len(train),
        "test_words": len(test),
        "digest": digest,
        "goldzone": asdict(ours),
        "phonetisaurus": asdict(peer),
    }


def table(results: list[dict[str, object]]) -> str:
    """Return the results as Markdown."""
    lines = [
        "| language | words | goldzone | Phonetisaurus | PER | bytes | ratio | train | peak memory |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    pairs = [(Measured(**r["goldzone"]), Measured(**r["phonetisaurus"])) for r in results]  # type: ignore[arg-type]
    for result, (ours, peer) in zip(results, pairs, strict=True):
        lines.append(
            f"| {result['language']} | {result['train_words']:,} "
            f"| **{ours.word_accuracy:.1%}** ({ours.interval[0]:.1%} to {ours.interval[1]:.1%}) "
            f"| {peer.word_accuracy:.1%} ({peer.interval[0]:.1%} to {peer.interval[1]:.1%}) "
            f"| {ours.phoneme_error:.1%} / {peer.phoneme_error:.1%} "
            f"| {ours.model_bytes:,} / {peer.model_bytes:,} | 1 : {peer.model_bytes / ours.model_bytes:.0f} "
            f"| {ours.train_seconds:.0f} s / {peer.train_seconds:.0f} s "
            f"| {ours.train_megabytes:.0f} MB / {peer.train_megabytes:.0f} MB |"
        )
    n = len(pairs)
    lines.append(
        f"| mean | | **{sum(o.word_accuracy for o, _ in pairs) / n:.1%}** "
        f"| {sum(p.word_accuracy for _, p in pairs) / n:.1%} | | | | | |"
    )
    return "\n".join(lines)


def main() -> None:
    """Compare on every language and print the table."""
    parser = command.parser(__doc__, words=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    # The first run on a machine compiles; compiled code is then cached.
    with tempfile.TemporaryDirectory() as folder:
        command.train("slovak", Path(folder) / "warm-up")
    results = []
    for language in options.language or command.LANGUAGES:
        results.append(compare(options.dataset, language, options.words, options.seed))
        print(table(results[-1:]).splitlines()[2], file=sys.stderr, flush=True)
    print(table(results))
    command.write_json(options.out, results)


if __name__ == "__main__":
    command.main(main)
