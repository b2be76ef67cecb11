"""What packing gives: bytes, words that come out as listed, and how far the probabilities can be trusted.

    python -m benchmarks.packed --dataset DIR [--language french ...] [--words N] [--out FILE]

So many words of each language, by hash, are a lexicon of their own, as a user's: `goldzone train`,
`goldzone pack` and, for every word of it, `goldzone phonemize`. Calibration is measured on the test part,
which has neither been learnt nor chosen anything. Prints three Markdown tables: bytes, calibration by
language, and words right by how sure the models were.
"""

from __future__ import annotations

import json
import lzma
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import command
from goldzone.data.languages import load_language
from goldzone.data.split import first_by_hash


def measure(dataset: Path, language: str, words: int, folder: Path) -> dict[str, Any]:
    """Train and pack the words of one language, and say all of them."""
    lexicon = first_by_hash(load_language(dataset, language), words)
    rows, run, packed = folder / "lexicon.tsv", folder / "run", folder / "packed.goldzone"
    write = lexicon.notation.write
    text = "".join(f"{e.word}\t{write(each)}\n" for e in lexicon.entries for each in e.pronunciations)
    rows.write_text(text, encoding="utf-8")
    listed = {entry.word: write(entry.pronunciations[0]) for entry in lexicon.entries}
    goldzone = [sys.executable, "-m", "goldzone"]
    trained = command.run([*goldzone, "train", str(rows), "--out", str(run), "--json"])
    made = json.loads(command.run([*goldzone, "pack", str(run), "--out", str(packed), "--json"]).output)
    said = _said(goldzone, packed, listed)
    judged = command.run([*goldzone, "evaluate", str(run), str(rows), "--part", "test", "--json"])
    found = json.loads(judged.output)
    return {
        "language": language,
        "words": len(listed),
        "lexicon_bytes": len(text.encode()),
        "lexicon_xz_bytes": len(lzma.compress(text.encode())),
        "model_bytes": made["model_bytes"],
        "packed_bytes": made["bytes"],
        "exceptions": made["exceptions"],
        "as_listed": sum(said.get(word) == each for word, each in listed.items()) / len(listed),
        "new_words": found["words"],
        "new_words_right": 1 - found["word_error"],
        "confidence": found["confidence"],
        "seconds": trained.seconds,
    }


def _said(goldzone: Sequence[str], packed: Path, listed: dict[str, str]) -> dict[str, str]:
    """Say the words by the command line; whole lines, as a word may have blanks inside."""
    options = ["phonemize", str(packed), "--format", "json", "--whole-lines"]
    lines = command.run([*goldzone, *options], "".join(f"{word}\n" for word in listed)).output.splitlines()
    best = (json.loads(line)["pronunciations"][0]["ipa"] for line in lines)
    return dict(zip(listed, best, strict=True))


def sizes(found: Sequence[dict[str, Any]]) -> str:
    """Return words, bytes and words as listed, as Markdown."""
    lines = [
        "| language | words | lexicon | with xz | model | packed | exceptions | as listed |",
        "| --- |" + " ---: |" * 7,
    ]
    names = ("words", "lexicon_bytes", "lexicon_xz_bytes", "model_bytes", "packed_bytes", "exceptions")
    for each in found:
        figures = " | ".join(f"{each[name]:,}" for name in names)
        lines.append(f"| {each['language']} | {figures} | {each['as_listed']:.2%} |")
    return "\n".join(lines)


def calibration(found: Sequence[dict[str, Any]]) -> str:
    """Return how sure the models were of new words and how often they were right, as Markdown."""
    lines = [
        "| language | new words | right | expected | mean error |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for each in found:
        bins, words = each["confidence"]["bins"], each["new_words"]
        error = sum(abs(one["expected"] - one["right"]) * one["words"] for one in bins) / words
        right, sure = each["new_words_right"], each["confidence"]["expected"]
        lines.append(
            f"| {each['language']} | {words:,} | {right:.1%} | {sure:.1%} | {100 * error:.1f} points |"
        )
    return "\n".join(lines)


def by_tenth(found: Sequence[dict[str, Any]]) -> str:
    """Return the same of all languages together, by tenths of probability, as Markdown."""
    lines = ["| probability | words | expected | right |", "| --- | ---: | ---: | ---: |"]
    tenths: dict[float, list[dict[str, Any]]] = {}
    for each in found:
        for one in each["confidence"]["bins"]:
            tenths.setdefault(one["low"], []).append(one)
    for low, bins in sorted(tenths.items()):
        words = sum(one["words"] for one in bins)
        sure, right = (
            sum(one[name] * one["words"] for one in bins) / words for name in ("expected", "right")
        )
        lines.append(f"| {low:.1f} to {low + 0.1:.1f} | {words:,} | {sure:.1%} | {right:.1%} |")
    return "\n".join(lines)


def main() -> None:
    """Measure every language and print the tables."""
    parser = command.parser(__doc__, words=20_000)
    options = parser.parse_args()
    found = []
    for language in options.language or command.LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(options.dataset, language, options.words, Path(folder)))
        print(language, file=sys.stderr, flush=True)
        command.write_json(options.out, found)
    print(*(table(found) for table in (sizes, calibration, by_tenth)), sep="\n\n")


if __name__ == "__main__":
    command.main(main)
