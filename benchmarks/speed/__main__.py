"""All speed figures by one command.

    python -m benchmarks.speed [--dataset DIR] [--only AREA ...] [--quick] [--repeats N] [--threads N]
                               [--out FILE.json] [--check [RECORD.json]] [--record [RECORD.json]]

Prints a Markdown table. Ends with 1 when an area fails, a bound is missed, or a figure is worse than recorded
by more than noise. `--record` measures everything twice to learn the noise; `--check` measures an area again
before it calls one of its figures worse. RECORD.json is benchmarks/speed/record.json where it is not given.
The peers need `pip install '.[benchmarks]'`; without them their areas are skipped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.command import folder
from benchmarks.command import main as run_command
from benchmarks.command import parser as command_parser
from benchmarks.speed.areas import AREAS, AreaResult, measure_apart
from benchmarks.speed.measure import Figure, Setting
from benchmarks.speed.regression import Comparison, compare, confirm, summarise
from benchmarks.speed.report import (
    Record,
    read_record,
    same_processor,
    table,
    unfit,
    verdict,
    write_record,
)

RECORD = Path(__file__).with_name("record.json")
_ROUNDS = 2
"""Rounds of a run that is recorded."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, compare; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.quick and options.record:
        parser.error("--quick figures mean nothing; record a full run")
    if options.only and options.record == RECORD:
        parser.error("--only would drop all other figures from the record; give --record a file of its own")
    if options.repeats < 1 or options.threads < 1:
        parser.error("--repeats and --threads: give 1 or more")
    setting = Setting(options.dataset, options.threads, options.repeats, options.quick)
    record = None
    if options.check:
        try:
            record = read_record(options.check)
        except ValueError as error:
            parser.error(str(error))
        if reason := unfit(record, setting):
            parser.error(f"{options.check}: {reason}")

    areas = [area for area in AREAS if area in (options.only or AREAS)]
    rounds = [[_measured(area, setting) for area in areas] for _ in range(_ROUNDS if options.record else 1)]
    results = rounds[-1]
    comparisons = compare_twice(results, record, lambda area: _measured(area, setting)) if record else ()
    figures = [figure for result in results for figure in result.figures]
    print(table(figures, {one.name: one for one in comparisons}))
    recorded = summarise([[f for result in one for f in result.figures] for one in rounds])
    for path in (options.out, options.record):
        if path:
            write_record(path, setting, recorded)
    problems = verdict(results, comparisons, quick=setting.quick)
    for line in (*problems, *(_gone(record, results) if record else ())):
        print(line, file=sys.stderr)
    return 1 if problems else 0


def compare_twice(
    results: Sequence[AreaResult], record: Record, again: Callable[[str], AreaResult]
) -> tuple[Comparison, ...]:
    """Compare figures with the record; measure an area once more where one of its figures is worse."""
    here = same_processor(record)

    def compared(figures: Sequence[Figure]) -> list[Comparison]:
        return [compare(figure, record.figures.get(figure.name), same_processor=here) for figure in figures]

    found: list[Comparison] = []
    for result in results:
        first = compared(result.figures)
        if any(one.verdict == "worse" for one in first):
            first = confirm(first, compared(again(result.area).figures))
        found += first
    return tuple(found)


def _measured(area: str, setting: Setting) -> AreaResult:
    print(f"{area} ...", file=sys.stderr, flush=True)
    result = measure_apart(area, setting)
    if result.skipped:
        print(f"{area}: skipped: {result.skipped}", file=sys.stderr, flush=True)
    return result


def _gone(record: Record, results: Sequence[AreaResult]) -> list[str]:
    """List recorded figures that their area no longer measures: worth a word, no failure."""
    now = {figure.name for result in results for figure in result.figures}
    measured = {name.split(".")[0] for name in now}
    return [
        f"{name}: recorded, but not measured now"
        for name in record.figures
        if name not in now and name.split(".")[0] in measured
    ]


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(__doc__)
    parser.add_argument("--dataset", type=folder, help="Folder of languages; built-in samples without it.")
    parser.add_argument("--only", nargs="+", choices=AREAS, metavar="AREA", help=", ".join(AREAS))
    parser.add_argument("--quick", action="store_true", help="Small problems, to try the program out.")
    parser.add_argument("--repeats", type=int, default=Setting().repeats, help="Turns of what is compared.")
    parser.add_argument("--threads", type=int, default=Setting().threads)
    parser.add_argument("--out", type=Path, help="JSON file.")
    parser.add_argument("--check", type=Path, nargs="?", const=RECORD, help="Compare with this record.")
    parser.add_argument("--record", type=Path, nargs="?", const=RECORD, help="Measure twice; write a record.")
    return parser


if __name__ == "__main__":
    run_command(main)
