"""How pressure trades what is memorised for what is generalised: curves, random labels, and the law's arms.

    python -m benchmarks.pressure --dataset DIR --out FILE [--curve premodulo ...] [--png FILE]
        [--language french ...] [--seed 1 ...] [--words 2000]

Curves: `premodulo` (cells a neuron), `evidence` (lambda: votes that a cell needs, as a factor of the
default), `aggressiveness` (of the capacity law), `random labels` (`premodulo` on words whose sounds follow no
rule: what is said right is memorised), `arms` (the law and the gold zone; constants; no pressure). FILE gets
one JSON line a run; a run that it holds already is not repeated. Prints Markdown tables of all that FILE
holds; --png draws them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks import command
from benchmarks.held_out import Record, Words, correlation, interval, read_records, run_languages
from goldzone.training.config import TrainingConfig
from goldzone.training.settings import BeamSettings

_EVIDENCE = BeamSettings().evidence
_FREE = {"controller": "law", "premodulo": 65_536, "floor": 256, "ceiling": 2**18 - 1}
"""The law from many cells, down to few; a ceiling at its default would stand for the cells at the start."""

Setting = dict[str, dict[str, Any]]

_CELLS = tuple(2**power for power in range(8, 21, 2))


def _constant(cells: int) -> Setting:
    return {
        "capacity": {
            "controller": "constant",
            "premodulo": cells,
            "cells_per_word": 0,
            "ceiling": 2**20,
        }
    }


CURVES: dict[str, dict[str, Setting]] = {
    "premodulo": {str(cells): _constant(cells) for cells in _CELLS},
    "evidence": {
        str(factor): {"beam": {"evidence": [factor * each for each in _EVIDENCE]}}
        for factor in (0, 0.25, 0.5, 1, 2, 4, 8)
    },
    "aggressiveness": {
        str(share): {"capacity": {**_FREE, "aggressiveness": share}} for share in (0.25, 0.5, 0.75, 0.9, 1)
    },
    "random labels": {str(cells): _constant(cells) for cells in _CELLS},
    "arms": {
        "law, gold zone": {"capacity": {"controller": "law"}, "selection": {"strategy": "gold_zone"}},
        "constant, fixed": {"capacity": {"controller": "constant"}, "selection": {"strategy": "fixed"}},
        "constant, half a cell a word": {
            "capacity": {"controller": "constant", "cells_per_word": 0.5},
            "selection": {"strategy": "fixed"},
        },
        "no pressure": {**_constant(2**18), "beam": {"evidence": [0]}},
    },
}
"""Settings of each curve, by the name of the point."""
_AXES = {
    "premodulo": "cells a neuron",
    "evidence": "evidence, as a factor of the default",
    "aggressiveness": "aggressiveness of the law",
    "random labels": "cells a neuron, random labels",
}
_NAMES = ("language", "words", "seed", "curve", "point")


def key_of(record: Record) -> tuple[Any, ...]:
    """Tell runs apart."""
    return tuple(record[name] for name in _NAMES)


def train_language(
    language: str,
    *,
    dataset: Path,
    words: int,
    curves: Sequence[str],
    points: Sequence[str] | None,
    seeds: Sequence[int],
    done: set[tuple[Any, ...]],
) -> Iterator[Record]:
    """Train one language at every point and seed that is not done yet; yield a record a run."""
    learnt = {random: Words.of(dataset, language, words, random=random) for random in (False, True)}
    for seed in seeds:
        for curve in curves:
            for point, setting in CURVES[curve].items():
                record: Record = dict(zip(_NAMES, (language, words, seed, curve, point), strict=True))
                if (points is None or point in points) and key_of(record) not in done:
                    config = TrainingConfig.model_validate({"seed": seed, **setting})
                    yield record | learnt[curve == "random labels"].train(config)


def tables(records: Sequence[Record]) -> str:
    """Return a table a curve, and what tells the gap beforehand, as Markdown."""
    lines = []
    for curve in CURVES:
        found = [record for record in records if record["curve"] == curve]
        if found:
            lines += [f"\n{curve}, {len(found)} runs\n", *_table(curve, found)]
    real = [record for record in records if record["curve"] not in ("random labels", "arms")]
    if real:
        lines += ["", *_predictors(real)]
    return "\n".join(lines)


def draw(records: Sequence[Record], path: Path) -> None:
    """Draw the curves that have been measured: words right above, bytes below."""
    from matplotlib.figure import Figure

    from goldzone.monitor.pictures import COLOURS, PERCENT, own_style, save_png

    curves = [curve for curve in _AXES if any(record["curve"] == curve for record in records)]
    with own_style():
        figure = Figure(figsize=(5.2 * len(curves), 7.2), layout="constrained")
        axes = figure.subplots(2, len(curves), squeeze=False, sharex="col", sharey="row")
        for column, curve in enumerate(curves):
            points = _points(curve, records)
            x = [float(name) for name, _ in points]
            right, small = axes[0, column], axes[1, column]
            for part, label, colour in (
                ("train", "learnt words", COLOURS[0]),
                ("test", "new words", COLOURS[1]),
            ):
                right.plot(x, [_mean(runs, part) for _, runs in points], "o-", color=colour, label=label)
            small.plot(x, [_mean(runs, "bytes") / 1000 for _, runs in points], "o-", color=COLOURS[2])
            if curve != "aggressiveness":
                base = 2 if "evidence" not in curve else 10
                small.set_xscale("symlog" if min(x) == 0 else "log", base=base, **_linear(x))
            small.set_xlabel(_AXES[curve])
            right.set_title(curve)
        axes[0, 0].set_ylabel("words right, %")
        axes[0, 0].yaxis.set_major_formatter(PERCENT)
        axes[0, 0].legend(loc="lower right")
        axes[0, 0].set_ylim(0, 1.04)
        axes[1, 0].set_ylabel("model, kilobytes")
        save_png(path, figure)


def main() -> None:
    """Run what is missing, print the tables and draw them."""
    parser = command.parser(__doc__, words=2_000)
    parser.add_argument("--curve", action="append", choices=list(CURVES), help="All by default.")
    parser.add_argument("--point", action="append", help="Of the curves, all by default.")
    parser.add_argument("--seed", type=int, action="append", help="1 to 3 by default.")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--png", type=Path, help="Picture of the curves.")
    options = parser.parse_args()
    if options.out is None:
        parser.error("give --out: a file of JSON lines, continued when it exists")
    run_languages(
        train_language,
        options.language or command.LANGUAGES,
        options.out,
        processes=options.processes,
        dataset=options.dataset,
        words=options.words,
        curves=options.curve or list(CURVES),
        points=options.point,
        seeds=options.seed or [1, 2, 3],
        done=set(map(key_of, read_records(options.out))),
    )
    records = read_records(options.out)
    print(tables(records))
    if options.png:
        draw(records, options.png)


def _points(curve: str, records: Sequence[Record]) -> list[tuple[str, list[Record]]]:
    """Group the runs of a curve by point, in the order of `CURVES`."""
    of_curve = [record for record in records if record["curve"] == curve]
    grouped = [
        (point, [record for record in of_curve if record["point"] == point]) for point in CURVES[curve]
    ]
    return [(point, runs) for point, runs in grouped if runs]


def _mean(runs: Sequence[Record], figure: str) -> float:
    return fmean(run[figure] for run in runs)


def _table(curve: str, records: Sequence[Record]) -> list[str]:
    lines = [
        f"| {curve} | train | test | against the first row | gap | bytes | margin | agreement | R² |",
        "| --- |" + " ---: |" * 8,
    ]
    points = _points(curve, records)
    first = {(run["language"], run["seed"]): run["test"] for run in points[0][1]}
    for point, runs in points:
        paired = [
            run["test"] - first[run["language"], run["seed"]]
            for run in runs
            if (run["language"], run["seed"]) in first
        ]
        against = f"{100 * fmean(paired):+.1f} ± {100 * interval(paired):.1f}" if paired else "-"
        fits = [run["r2"] for run in runs if run["r2"] is not None]
        cells = [
            f"{int(point):,}" if point.isdigit() and int(point) > 99 else point,
            f"{_mean(runs, 'train'):.1%}",
            f"{_mean(runs, 'test'):.1%}",
            against,
            f"{100 * (_mean(runs, 'train') - _mean(runs, 'test')):.1f}",
            f"{_mean(runs, 'bytes'):,.0f}",
            f"{_mean(runs, 'margin'):.3f}",
            f"{_mean(runs, 'agreement'):.3f}",
            f"{fmean(fits):.2f}" if fits else "-",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _predictors(records: Sequence[Record]) -> list[str]:
    """Tell how well S / N and the agreement of the votes tell the gap of a run, by language."""
    lines = [
        "| language | R² of the gap with log S/N | with the agreement of votes | with log bytes | runs |"
    ]
    lines.append("| --- |" + " ---: |" * 4)
    ordered = sorted(records, key=lambda record: str(record["language"]))
    for language, found in groupby(ordered, key=lambda record: str(record["language"])):
        runs = [run for run in found if run["margin"] > 0]
        gap = [run["train"] - run["test"] for run in runs]
        fits = (
            correlation([math.log(run["margin"]) for run in runs], gap),
            correlation([run["agreement"] for run in runs], gap),
            correlation([math.log(run["bytes"]) for run in runs], gap),
        )
        lines.append(f"| {language} | {' | '.join(f'{fit:.2f}' for fit in fits)} | {len(runs)} |")
    return lines


def _linear(x: Sequence[float]) -> dict[str, float]:
    """Where an axis with 0 turns from linear to logarithmic: at its least other value."""
    return {"linthresh": min(value for value in x if value)} if min(x) == 0 else {}


if __name__ == "__main__":
    command.main(main)
