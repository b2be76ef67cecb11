"""Does it help to follow `goldzone recommend`? Train, ask, train again as recommended, on held-out words.

    python -m benchmarks.recommend --dataset DIR [--language french ...] [--start NAME ...] [--words 3000]

Prints a Markdown table: test word accuracy before and after, and the difference with a 95 % interval. Both
models are tested on the same words, but the interval takes them for independent samples, so it is too wide
rather than too narrow. A run that gets no recommendation is not trained again: the difference is 0.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import command

STARTS: dict[str, str] = {
    "default": "",
    "law on outputs": '[capacity]\ncontroller = "law"\nsignal = "output"\nfloor = 16\n'
    "[pipeline]\nsweeps = 6\npatience = 6",
    "1,024 cells": "[capacity]\npremodulo = 1024",
    "no vote threshold": "[credit]\nvote_threshold = 0",
}


def follow(options: argparse.Namespace, language: str, start: str, seed: int) -> dict[str, Any]:
    """Train, follow what is recommended, and return both accuracies."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        how: dict[str, Any] = {"dataset": options.dataset, "words": options.words, "seed": seed}
        before, _ = command.train(language, folder / "before", **how, config=STARTS[start])
        program = [sys.executable, "-m", "goldzone", "recommend", str(folder / "before")]
        changed = folder / "recommended.toml"
        answer = command.run([*program, "--out", str(changed), "--json"]).output
        advice, after = json.loads(answer)["recommendations"], before
        if advice:
            config = changed.read_text(encoding="utf-8")
            after, _ = command.train(language, folder / "after", **how, config=config)
    return {
        "language": language,
        "start": start,
        "seed": seed,
        "test_words": before["test"]["words"],
        "before": 1 - before["test"]["word_error"],
        "after": 1 - after["test"]["word_error"],
        "bytes": [before["bytes"], after["bytes"]],
        "recommendations": advice,
    }


def half_width(result: dict[str, Any]) -> float:
    """Return half the width of the difference's 95 % interval: of two independent binomial shares."""
    shares = (result["before"], result["after"])
    return 1.96 * math.sqrt(sum(p * (1 - p) for p in shares) / result["test_words"])


def row(result: dict[str, Any]) -> str:
    """Return a result as a line of the table."""
    changes = {name: new for one in result["recommendations"] for name, new in one["changes"].items()}
    words = ", ".join(f"`{name} = {json.dumps(new)}`" for name, new in changes.items()) or "none"
    difference = 100 * (result["after"] - result["before"])
    return (
        f"| {result['language']} | {result['start']} | {result['seed']} | {result['before']:.1%} | {words} "
        f"| {result['after']:.1%} | {difference:+.1f} ± {100 * half_width(result):.1f} |"
    )


def mean_row(start: str, results: list[dict[str, Any]]) -> str:
    """Return the mean over languages and seeds of a start, with its interval, as a line of the table."""
    n = len(results)
    before, after = (sum(result[key] for result in results) / n for key in ("before", "after"))
    width = math.sqrt(sum(half_width(result) ** 2 for result in results)) / n
    return (
        f"| mean | {start} | | {before:.1%} | | {after:.1%} "
        f"| **{100 * (after - before):+.1f} ± {100 * width:.1f}** |"
    )


def main() -> None:
    """Follow the recommendations of every language and print the table."""
    parser = command.parser(__doc__, words=3_000)
    parser.add_argument("--start", action="append", choices=list(STARTS), help="All by default.")
    parser.add_argument("--seed", type=int, action="append", help="May be given several times; 1 by default.")
    options = parser.parse_args()
    everything: list[dict[str, Any]] = []
    print("| language | start | seed | before | recommended | after | difference (points) |")
    print("| --- | --- | ---: | ---: | --- | ---: | ---: |")
    for start in options.start or STARTS:
        results = []
        for language in options.language or command.LANGUAGES:
            for seed in options.seed or [1]:
                results.append(follow(options, language, start, seed))
                print(row(results[-1]), flush=True)
        print(mean_row(start, results), flush=True)
        everything += results
    command.write_json(options.out, everything)


if __name__ == "__main__":
    command.main(main)
