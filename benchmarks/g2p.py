"""Words wrong on lexicons of published benchmarks, with model bytes and seconds; Phonetisaurus beside it.

    python -m benchmarks.g2p --benchmarks DIR [--only PATTERN ...] [--judge held-out|dev] [--peer] [--jobs N]
        [--seed 1 ...] [--config FILE] [--words N] [--out FILE]
    python -m benchmarks.g2p FILE ...

With ``--judge held-out`` each train file is split by hash: 80 % are learnt, 10 % choose the sweep, 10 % are
said. So settings can be compared without a look at the benchmark's own dev words. With ``--judge dev`` the
whole train file is learnt, and the dev words choose the sweep and are said. --words takes so many of a train
file, by hash, where it has more. Prints Markdown tables, one a benchmark, with 95 % intervals (bootstrap over
words); --out writes all figures, kinds of errors too, as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from benchmarks import command
from benchmarks.g2p_sets import Lexicons, find_sets
from benchmarks.phonetisaurus import Measured, phonetisaurus
from goldzone.data.lexicon import read_lexicon
from goldzone.data.split import first_by_hash, split_lexicon

Judge: TypeAlias = Literal["held-out", "dev"]

_TITLES: Final = ("language", "learnt", "said", "wrong", "phonemes", "out of reach", "bytes", "seconds")
_PEER_TITLES: Final = ("Phonetisaurus", "its bytes", "its seconds")


@dataclass(frozen=True)
class Result:
    """What came of one language."""

    group: str
    name: str
    runs: Sequence[dict[str, Any]]
    """One a seed: what `goldzone evaluate` tells, and words learnt, bytes and seconds."""
    peer: Measured | None


@dataclass(frozen=True)
class Rules:
    """What holds for all languages."""

    judge: Judge
    config: str
    """TOML."""
    threads: int
    words: int | None
    """Most words of a file that are learnt."""


def measure(lexicons: Lexicons, *, rules: Rules, seeds: Sequence[int], peer: bool) -> Result:
    """Train on a language, once a seed, and say the words that are judged."""
    runs = [_run(lexicons, rules, seed) for seed in seeds]
    other = _phonetisaurus(lexicons, rules) if peer else None
    result = Result(lexicons.group, lexicons.name, runs, other)
    wrong = sum(run["word_error"] for run in runs) / len(runs)
    print(f"{lexicons.group}/{lexicons.name}: {wrong:.1%} wrong", file=sys.stderr, flush=True)
    return result


def table(results: Sequence[Result]) -> str:
    """Return the figures of one benchmark as Markdown."""
    peers = any(result.peer for result in results)
    titles = [
        "language",
        "learnt",
        "said",
        "words wrong",
        "phonemes wrong",
        "out of reach",
        "bytes",
        "seconds",
    ]
    titles += ["Phonetisaurus", "its bytes", "its seconds"] if peers else []
    lines = [f"| {' | '.join(titles)} |", f"| --- |{' ---: |' * (len(titles) - 1)}"]
    lines += [_row(result.name, [result], peers=peers, alone=True) for result in results]
    return "\n".join([*lines, _row("**mean**", results, peers=peers)])


def main() -> None:
    """Measure on every language and print the tables."""
    parser = command.parser(__doc__)
    parser.add_argument("files", type=Path, nargs="*", help="Lexicons: word<TAB>pronunciation rows.")
    parser.add_argument("--benchmarks", type=command.folder, help="Folder of benchmarks.")
    parser.add_argument("--only", action="append", default=[], help="Such as 'sigmorphon2021/low/*'.")
    parser.add_argument("--judge", choices=["held-out", "dev"], default="held-out")
    parser.add_argument("--peer", action="store_true", help="Measure Phonetisaurus on the same words.")
    parser.add_argument("--jobs", type=int, default=1, help="Languages at a time, each on one thread.")
    parser.add_argument("--config", type=Path, help="TOML file.")
    parser.add_argument("--seed", type=int, action="append", help="May be given several times; 1 by default.")
    parser.add_argument("--words", type=int, help="Learn so many words of a file at most.")
    parser.add_argument("--out", type=Path, help="JSON file.")
    options = parser.parse_args()
    sets = [Lexicons("files", file.stem, file) for file in options.files]
    sets += find_sets(options.benchmarks, options.only) if options.benchmarks else []
    if not sets:
        parser.error("give files, or --benchmarks DIR")
    one = partial(
        measure,
        rules=Rules(
            options.judge,
            options.config.read_text(encoding="utf-8") if options.config else "",
            1 if options.jobs > 1 else 2,
            options.words,
        ),
        seeds=options.seed or [1],
        peer=options.peer,
    )
    # The first run on a machine compiles; compiled code is then cached.
    with tempfile.TemporaryDirectory() as folder:
        command.train("slovak", Path(folder) / "warm-up", words=100)
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(one, sets))
    for group, found in groupby(results, key=lambda result: result.group):
        print(f"\n{group}\n\n{table(list(found))}")
    command.write_json(options.out, [_as_json(result) for result in results])


def _run(lexicons: Lexicons, rules: Rules, seed: int) -> dict[str, Any]:
    options = ["--threads", str(rules.threads)]
    judged, part = lexicons.train, "test"
    if rules.judge == "dev" and lexicons.dev:
        options += ["--dev", str(lexicons.dev)]
        judged, part = lexicons.dev, "all"
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        summary, finished = command.train(
            str(lexicons.train), run, *options, words=rules.words, seed=seed, config=rules.config
        )
        ask = [sys.executable, "-m", "goldzone", "evaluate", str(run), str(judged), "--part", part, "--json"]
        scored: dict[str, Any] = json.loads(command.run(ask).output)
    return {
        **scored,
        "seed": seed,
        "learnt": summary["train"]["words"],
        "bytes": summary["bytes"],
        "seconds": finished.seconds,
    }


def _phonetisaurus(lexicons: Lexicons, rules: Rules) -> Measured:
    split = split_lexicon(read_lexicon(lexicons.train))
    train, test = split.train, split.test
    if rules.judge == "dev" and lexicons.dev:
        train, test = read_lexicon(lexicons.train), read_lexicon(lexicons.dev)
    train = first_by_hash(train, rules.words or len(train))
    with tempfile.TemporaryDirectory() as folder:
        return phonetisaurus(train.entries, test.entries, Path(folder))


def _row(name: str, results: Sequence[Result], *, peers: bool, alone: bool = False) -> str:
    runs = [run for result in results for run in result.runs]

    def mean(figure: str) -> float:
        return float(sum(run[figure] for run in runs)) / len(runs)

    wrong = f"{mean('word_error'):.1%}"
    if alone:
        low, high = (sum(run["word_error_interval"][end] for run in runs) / len(runs) for end in (0, 1))
        wrong += f" ({low:.1%} to {high:.1%})"
    reach = sum(run["out_of_reach"]["share"] for run in runs) / len(runs)
    cells = [name, f"{mean('learnt'):,.0f}", f"{mean('words'):,.0f}", wrong, f"{mean('phoneme_error'):.1%}"]
    cells += [f"{reach:.1%}", f"{mean('bytes'):,.0f}", f"{mean('seconds'):.1f}"]
    if peers:
        found = [result.peer for result in results if result.peer]
        cells += [
            f"{sum(1 - peer.word_accuracy for peer in found) / len(found):.1%}",
            f"{sum(peer.model_bytes for peer in found) / len(found):,.0f}",
            f"{sum(peer.train_seconds for peer in found) / len(found):.1f}",
        ]
    return f"| {' | '.join(cells)} |"


def _as_json(result: Result) -> dict[str, Any]:
    peer = vars(result.peer) if result.peer else None
    return {"group": result.group, "name": result.name, "runs": list(result.runs), "phonetisaurus": peer}


if __name__ == "__main__":
    command.main(main)
