"""Controller x selection on held-out words: which of the control engine's choices pay.

    python -m benchmarks.controllers --dataset DIR --out FILE [--language french ...] [--seed 1 ...]

Each language is aligned once; every choice then trains on the same words with each seed. All choices have the
same budget: six sweeps, in each of which half of the context neurons are trained, so that selection has a
choice; --share and --sweeps give another one, --config what all choices share (with another FILE). FILE gets
one JSON line a run; a run that it holds already is not repeated. Prints Markdown tables of all that it holds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks import command
from benchmarks.held_out import Record, Words, interval, read_records, run_languages
from goldzone.training.config import TrainingConfig

CONTROLLERS: dict[str, dict[str, Any]] = {
    "constant": {"controller": "constant"},
    "law": {"controller": "law"},
    "law on agreement": {"controller": "law", "signal": "agreement"},
    "reference": {"controller": "reference"},
    "validated": {"controller": "validated"},
    "none": {"controller": "none"},
    "law, undamped": {
        "controller": "law",
        "floor": 2,
        "max_factor": 2**23,
        "fine_tune": 0.99,
        "smoothing": 1,
        "oscillation_window": 0,
    },
}
SELECTIONS: dict[str, dict[str, Any]] = {
    "fixed": {"strategy": "fixed"},
    "gold_zone": {"strategy": "gold_zone"},
    "random": {"strategy": "random"},
    "gold_zone, pairs": {"strategy": "gold_zone", "pairs": 0.5},
}
ONLY = {
    "gold_zone": ("constant", "law", "law on agreement", "validated"),
    "random": ("constant", "law on agreement"),
    "gold_zone, pairs": ("constant", "law on agreement"),
}
"""Which controllers a selection is combined with; all others are trained with every controller."""
BASE = ("constant", "fixed")


def configuration(controller: str, selection: str, seed: int, budget: Record, base: Record) -> TrainingConfig:
    """Return the configuration of a choice; the budget is of the section `pipeline`."""
    own: Record = {
        # The law alone: nothing that holds it, not even stepping back.
        "pipeline": budget | ({"step_back": False} if controller == "law, undamped" else {}),
        "capacity": CONTROLLERS[controller],
        "selection": SELECTIONS[selection],
    }
    sections = {name: base.get(name, {}) | section for name, section in own.items()}
    return TrainingConfig.model_validate(base | sections | {"seed": seed})


def train_language(
    language: str,
    *,
    dataset: Path,
    words: int,
    choices: list[tuple[str, str]],
    seeds: list[int],
    done: set[str],
    budget: Record,
    base: Record,
) -> Iterator[Record]:
    """Train one language with every choice and seed that is not done yet; yield a record a run."""
    learnt = Words.of(dataset, language, words, base=TrainingConfig.model_validate(base))
    for seed in seeds:
        for controller, selection in choices:
            record: Record = {
                "language": language,
                "words": words,
                "seed": seed,
                "controller": controller,
                "selection": selection,
            }
            if key_of(record) not in done:
                yield record | learnt.train(configuration(controller, selection, seed, budget, base))


def key_of(record: Record) -> str:
    """Tell runs apart."""
    return "|".join(str(record[name]) for name in ("language", "words", "seed", "controller", "selection"))


def row_of(records: list[Record], base: list[Record]) -> str:
    """Write a choice's row: means over runs, intervals over seeds, the difference over paired runs."""
    seeds = sorted({record["seed"] for record in records})
    of_seed = {s: [r for r in records if r["seed"] == s] for s in seeds}
    cells = []
    for name in ("train", "test"):
        means = [fmean(r[name] for r in of_seed[s]) for s in seeds]
        spread = f" ± {100 * interval(means):.1f}" if len(means) > 1 else ""
        cells.append(f"{fmean(means):.1%}{spread}")
    partner = {(r["language"], r["seed"]): r["test"] for r in base}
    differences = [
        r["test"] - partner[r["language"], r["seed"]]
        for r in records
        if (r["language"], r["seed"]) in partner
    ]
    shown = f"{100 * fmean(differences):+.1f} ± {100 * interval(differences):.1f}" if differences else "-"
    gap = fmean(r["train"] - r["test"] for r in records)
    fits = [r["r2"] for r in records if r["r2"] is not None]
    fit = f"{fmean(fits):.2f}" if fits else "-"
    size = fmean(r["bytes"] for r in records)
    return f"{cells[0]} | {cells[1]} | {shown} | {100 * gap:.1f} | {size:,.0f} | {fit} | {len(records)}"


def tables(records: list[Record]) -> str:
    """Return the results as Markdown."""
    lines = [
        "| controller | selection | train | test | against constant, fixed | gap | bytes | R² | runs |",
        "| --- | --- |" + " ---: |" * 7,
    ]
    base = [r for r in records if (r["controller"], r["selection"]) == BASE]
    for controller in CONTROLLERS:
        for selection in SELECTIONS:
            found = [r for r in records if (r["controller"], r["selection"]) == (controller, selection)]
            if found:
                lines.append(f"| {controller} | {selection} | {row_of(found, base)} |")
    languages = sorted({r["language"] for r in records})
    lines += [
        "",
        "| controller, fixed | " + " | ".join(languages) + " |",
        "| --- |" + " ---: |" * len(languages),
    ]
    for controller in CONTROLLERS:
        found = [r for r in records if (r["controller"], r["selection"]) == (controller, "fixed")]
        means = [[r["test"] for r in found if r["language"] == language] for language in languages]
        if found:
            lines.append(
                f"| {controller} | " + " | ".join(f"{fmean(m):.1%}" if m else "-" for m in means) + " |"
            )
    return "\n".join(lines)


def main() -> None:
    """Run what is missing and print the tables."""
    parser = command.parser(__doc__, words=2_000)
    parser.add_argument("--controller", action="append", choices=list(CONTROLLERS), help="All by default.")
    parser.add_argument("--selection", action="append", choices=list(SELECTIONS), help="All by default.")
    parser.add_argument("--seed", type=int, action="append", help="1 to 5 by default.")
    parser.add_argument("--share", type=float, default=0.5, help="Of the neurons, trained in a sweep.")
    parser.add_argument("--sweeps", type=int, default=6)
    parser.add_argument(
        "--config", type=Path, help="TOML file: what all choices share, such as data.min_share."
    )
    parser.add_argument("--processes", type=int, default=2)
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
        choices=[
            (controller, selection)
            for selection in options.selection or SELECTIONS
            for controller in options.controller or CONTROLLERS
            if controller in ONLY.get(selection, CONTROLLERS)
        ],
        seeds=options.seed or [1, 2, 3, 4, 5],
        budget={
            "sweeps": options.sweeps,
            "patience": options.sweeps,
            "neurons_per_sweep": options.share,
        },
        base=tomllib.loads(options.config.read_text(encoding="utf-8")) if options.config else {},
        done={key_of(record) for record in read_records(options.out)},
    )
    print(tables(read_records(options.out)))


if __name__ == "__main__":
    command.main(main)
