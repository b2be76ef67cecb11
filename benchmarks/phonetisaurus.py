"""goldzone beside Phonetisaurus: same words, split and segments, one after the other on the same machine.

    python -m benchmarks.phonetisaurus --dataset DIR [--language french ...] [--words 20000] [--out FILE]

Needs `pip install goldzone[benchmarks]`. Prints a Markdown table, and writes JSON with ``--out``. Trains on
the first words (by hash) of each language's train part, tests on its whole test part. A word counts as right
when the prediction is one of its listed pronunciations. Words that Phonetisaurus cannot take (beginning with
"-", blanks inside, letters it never saw) are kept from its command line and count as its errors.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from goldzone.data.languages import load_language
from goldzone.data.lexicon import Entry, Segments
from goldzone.data.split import first_by_hash, split_lexicon
from goldzone.g2p.scoring import Scores, score_words

LANGUAGES = ("french", "danish", "hungarian", "swahili", "korean", "english/american")


@dataclass(frozen=True)
class Measured:
    """One system on one language."""

    word_accuracy: float
    interval: tuple[float, float]
    phoneme_error: float
    model_bytes: int
    train_seconds: float
    train_megabytes: float


def run(command: list[str], text: str = "") -> tuple[str, float, float]:
    """Run a command to its end; return its output, seconds, and peak memory (with children) in megabytes."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as stdin, tempfile.TemporaryFile("w+") as stdout:
        stdin.write(text)
        stdin.seek(0)
        process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[0]} ended with {process.returncode}: {' '.join(command)}")
        stdout.seek(0)
        return stdout.read(), time.monotonic() - started, usage.ru_maxrss / 1024


def measured(scores: Scores, model: Path, seconds: float, megabytes: float) -> Measured:
    """Put a system's figures together."""
    interval = scores.word_error_interval
    return Measured(
        scores.word_accuracy,
        (1 - interval.high, 1 - interval.low),
        scores.phoneme_error,
        model.stat().st_size,
        seconds,
        megabytes,
    )


def goldzone(dataset: Path, language: str, words: int, seed: int, folder: Path) -> tuple[Measured, str]:
    """Train by the command line; return what was measured and the model's digest."""
    command = [sys.executable, "-m", "goldzone", "train", language, "--dataset", str(dataset)]
    command += ["--limit", str(words), "--seed", str(seed), "--out", str(folder), "--json"]
    output, seconds, megabytes = run(command)
    summary = json.loads(output)
    test = summary["test"]
    low, high = test["word_error_interval"]
    return (
        Measured(
            1 - test["word_error"],
            (1 - high, 1 - low),
            test["phoneme_error"],
            summary["bytes"],
            seconds,
            megabytes,
        ),
        summary["digest"],
    )


def phonetisaurus(train: list[Entry], test: list[Entry], folder: Path) -> Measured:
    """Train and ask Phonetisaurus through its command line."""
    tool = str(Path(sys.executable).with_name("phonetisaurus"))
    lexicon, model = folder / "lexicon.txt", folder / "model.fst"
    rows = [
        f"{''.join(entry.letters)} {' '.join(pronunciation)}"
        for entry in train
        if not any(letter.isspace() for letter in entry.letters)
        for pronunciation in entry.pronunciations
    ]
    lexicon.write_text("\n".join(rows) + "\n", encoding="utf-8")
    _, seconds, megabytes = run([tool, "train", str(lexicon), "--model", str(model)])
    seen = {letter for entry in train for letter in entry.letters}
    asked = {
        "".join(entry.letters)
        for entry in test
        if set(entry.letters) <= seen
        and not entry.word.startswith("-")
        and not any(map(str.isspace, entry.letters))
    }
    output, _, _ = run([tool, "predict", "--model", str(model)], "\n".join(sorted(asked)) + "\n")
    found: dict[str, Segments] = {}
    for line in output.splitlines():
        word, *segments = line.split()
        found.setdefault(word, tuple(segments))
    guesses = [found.get("".join(entry.letters), ()) for entry in test]
    return measured(score_words(guesses, [e.pronunciations for e in test]), model, seconds, megabytes)


def compare(dataset: Path, language: str, words: int, seed: int) -> dict[str, object]:
    """Train and test both on one language."""
    split = split_lexicon(load_language(dataset, language))
    train, test = first_by_hash(split.train, words).entries, split.test.entries
    with tempfile.TemporaryDirectory() as folder:
        ours, digest = goldzone(dataset, language, words, seed, Path(folder) / "run")
        peer = phonetisaurus(list(train), list(test), Path(folder))
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--language", action="append", help="May be given several times; the six by default.")
    parser.add_argument("--words", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON file.")
    options = parser.parse_args()
    # The first run on a machine compiles; compiled code is then cached.
    with tempfile.TemporaryDirectory() as folder:
        run([sys.executable, "-m", "goldzone", "train", "slovak", "--out", f"{folder}/warm-up", "--json"])
    results = []
    for language in options.language or LANGUAGES:
        results.append(compare(options.dataset, language, options.words, options.seed))
        print(table(results[-1:]).splitlines()[2], file=sys.stderr, flush=True)
    print(table(results))
    if options.out:
        options.out.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
