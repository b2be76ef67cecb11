"""What a run of the benchmarks says: a table, a JSON record, and a verdict."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.speed.areas import AreaResult
from benchmarks.speed.measure import Figure, Setting
from benchmarks.speed.regression import Comparison, Recorded, as_record, from_record

__all__ = ["Record", "context", "read_record", "table", "unfit", "verdict", "write_record"]


@dataclass(frozen=True, slots=True)
class Record:
    """A run as it is written down.

    Attributes
    ----------
    context : dict of str to str or int
        Versions, processor, cores, date: no path and no name of a person.
    setting : dict
        Threads, repeats, quick, and whether there was a dataset.
    figures : dict of str to Recorded
        By name.
    """

    context: dict[str, Any]
    setting: dict[str, Any]
    figures: dict[str, Recorded]


def context() -> dict[str, Any]:
    """Describe where the figures come from."""
    return {
        "goldzone": version("goldzone"),
        "date": datetime.now(UTC).date().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "numba")},
    }


def described(setting: Setting) -> dict[str, Any]:
    """Return a setting without its path."""
    return {
        "dataset": setting.dataset is not None,
        "threads": setting.threads,
        "repeats": setting.repeats,
        "quick": setting.quick,
    }


def write_record(path: Path, setting: Setting, figures: Sequence[Recorded]) -> None:
    """Write a run as JSON, a figure a line, so that a change of the record can be read."""
    rows = ",\n".join(f"  {json.dumps(as_record(figure), ensure_ascii=False)}" for figure in figures)
    head = json.dumps({"context": context(), "setting": described(setting)}, ensure_ascii=False, indent=1)
    path.write_text(f'{head[:-2]},\n "figures": [\n{rows}\n ]\n}}\n', encoding="utf-8")


def read_record(path: Path) -> Record:
    """Read what `write_record` wrote.

    Raises
    ------
    ValueError
        It is no such record: one line that names the file.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        figures = [from_record(row) for row in found["figures"]]
        return Record(found["context"], found["setting"], {one.figure.name: one for one in figures})
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__} {error}"
        raise ValueError(f"{path}: no record of benchmarks ({reason}); write one with --record") from None


def unfit(record: Record, setting: Setting) -> str:
    """Say why a record cannot be compared with; empty where it can."""
    now = described(setting)
    for field in ("dataset", "quick", "threads"):
        if record.setting.get(field) != now[field]:
            return f"the record has {field}: {record.setting.get(field)}, this run has {now[field]}"
    return ""


def same_processor(record: Record) -> bool:
    """Whether bare values of the record hold here."""
    here = context()
    return all(record.context.get(field) == here[field] for field in ("processor", "cores"))


def table(figures: Sequence[Figure], comparisons: Mapping[str, Comparison]) -> str:
    """Return figures as Markdown; `comparisons` by name, empty without a record."""
    columns = ["figure", "value", "unit", "bound", "reached", "ratio", "compared with"]
    aligned = ["---", "---:", "---", "---:", "---", "---:", "---"]
    if comparisons:
        columns, aligned = [*columns, "since the record"], [*aligned, "---"]
    lines = [columns, aligned]
    for figure in figures:
        row = [
            figure.name,
            _number(figure.value),
            figure.unit,
            _number(figure.bound),
            {None: "", True: "yes", False: "**no**"}[figure.reached],
            _number(figure.ratio),
            figure.peer,
        ]
        if comparisons:
            row.append(_since(comparisons[figure.name]))
        lines.append(row)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def verdict(
    results: Sequence[AreaResult], comparisons: Sequence[Comparison], *, quick: bool
) -> tuple[str, ...]:
    """List what is wrong, a line each; nothing for a good run. Figures of a quick run mean nothing."""
    failed = [f"{result.area}: failed: {result.failed}" for result in results if result.failed]
    missed = [
        f"{figure.name}: {_number(figure.value)} {figure.unit} misses the bound {_number(figure.bound)}"
        for result in results
        for figure in result.figures
        if figure.reached is False and not quick
    ]
    worse = [
        f"{one.name}: {one.factor:.2f} times worse than recorded, measured twice; "
        f"noise explains {one.allowed:.2f}"
        for one in comparisons
        if one.verdict == "worse"
    ]
    return (*failed, *missed, *worse)


def _since(comparison: Comparison) -> str:
    if comparison.verdict in {"new", "another processor"}:
        return comparison.verdict
    said = {"worse": "**worse**", "better": "better"}.get(comparison.verdict, "within noise")
    return f"{said}, {_number(comparison.factor)} of {_number(comparison.allowed)}"


def _number(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
