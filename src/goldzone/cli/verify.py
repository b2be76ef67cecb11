"""``goldzone verify``."""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.html_page import html_page
from goldzone.cli.sources import JsonOption, ThreadsOption, thread_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldzone.monitor.verification.criteria import Finding

_STYLE = ".fail { color: #a33c00; font-weight: 600; } .pass { color: #00558a; }"


def verify(
    runs: Annotated[Path, typer.Argument(metavar="RUN|FOLDER", help="A run folder, or a folder of them.")],
    against: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="A run whose time counts as the usual, such as a forward one."),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(metavar="CRITERION", help="It may fail, with exit code 0; may be given several times."),
    ] = None,
    reproduce: Annotated[
        bool, typer.Option("--reproduce", help="Train again, and compare the model byte by byte.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(parser=given_path, metavar="FILE", help="Write it as a page too.")
    ] = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold runs against what backward training promises.

    For each: what is asked, what was measured, the file that shows it, and whether it passes. What a run's
    configuration rules out is not measured, and why. Of a folder all runs must pass. Exit code 1 if a
    criterion fails that was not accepted.

    Example: goldzone verify runs/slovak --accept "train cap"

    Example: goldzone verify runs --html report.html
    """
    from goldzone.errors import ConfigError
    from goldzone.monitor.verification.criteria import CRITERIA, Verdict
    from goldzone.validation import nearest

    names = [*(name for name, *_ in CRITERIA), "time", "languages", "reproducible"]
    for name in accept or ():
        if name not in names:
            near = nearest(name, names)
            advice = f"did you mean {near!r}?" if near else f"there are {', '.join(names)}"
            raise ConfigError(f"--accept: {name!r} is no criterion; {advice}")
    found, count = _findings(runs, against, reproduce=reproduce, threads=thread_count(threads))
    failed = [each for each in found if each.verdict is Verdict.FAILED]
    holds = all(each.criterion in (accept or ()) for each in failed)
    if html is not None:
        from goldzone.errors import DataError
        from goldzone.storage.files import write_atomically

        write_atomically(html, _page(str(runs), found).encode(), error=DataError)
    if as_json:
        facts = {"runs": count, "holds": holds, "criteria": [asdict(each) for each in found]}
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        _show(runs, found, count)
    if not holds:
        raise typer.Exit(1)


def _findings(
    path: Path, against: Path | None, *, reproduce: bool, threads: int
) -> tuple[Sequence[Finding], int]:
    """Judge a run, or all runs of a folder; return how many there are."""
    from goldzone.errors import StateError
    from goldzone.monitor.live import find_runs
    from goldzone.monitor.verification.criteria import together, verify_run, within_time
    from goldzone.monitor.verification.facts import read_facts

    folders = list(find_runs(path))
    if not folders:
        raise StateError(f"{path}: holds no run; give the folder of a run, or of several")
    usual = read_facts(against) if against is not None else None
    judged = []
    for folder in folders:
        facts = read_facts(folder)
        found = list(verify_run(facts))
        if usual is not None:
            found.append(within_time(facts, usual))
        if reproduce:
            found.append(_reproduced(folder, threads))
        judged.append((facts.name, found))
    alone = folders == [path]
    total = list(judged[0][1]) if alone else list(together(judged, str(path)))
    return [*total, *_languages(path)], len(folders)


def _reproduced(folder: Path, threads: int) -> Finding:
    """Train a run again, in a folder of its own, and compare the models."""
    import tempfile

    from goldzone.cli.display import TrainingDisplay
    from goldzone.cli.tasks import open_task
    from goldzone.errors import StateError
    from goldzone.monitor.verification.criteria import Finding, Verdict
    from goldzone.storage.container import read_container
    from goldzone.training.runner import start_run
    from goldzone.training.runs.model_files import judged_model_file
    from goldzone.training.runs.run_folder import RunFolder
    from goldzone.training.task import RunContext

    run = RunFolder.open(folder)
    if run.source is None:
        raise StateError(f"{folder}: does not say where its words come from; it cannot be trained again")
    opened = open_task(run.source)
    file = judged_model_file(folder)
    with tempfile.TemporaryDirectory() as place, TrainingDisplay(run.config, "again: ") as display:
        summary = start_run(
            opened.task(run.config),
            Path(place) / "run",
            RunContext(threads, (display,)),
            source=opened.source.model_copy(update={"final": False}),
        )
    digest = read_container(file).digest
    same = summary.digest == digest
    text = f"SHA-256 {summary.digest[:16]}..." + ("" if same else f", the run's is {digest[:16]}...")
    verdict = Verdict.PASSED if same else Verdict.FAILED
    return Finding("reproducible", "the same bytes when trained again", text, str(file), verdict)


def _languages(path: Path) -> list[Finding]:
    """Count the languages that a fleet trained, of those that it was to train."""
    from goldzone.errors import StateError
    from goldzone.fleet.results import SUMMARY_FILE
    from goldzone.monitor.verification.criteria import Finding, Verdict
    from goldzone.storage.files import read_bounded

    file = path / SUMMARY_FILE
    if not file.is_file():
        return []
    try:
        summary = json.loads(read_bounded(file, 1 << 26, error=StateError))
        done, failed, left = (len(summary[name]) for name in ("languages", "failures", "unfinished"))
    except (ValueError, KeyError, TypeError):
        raise StateError(f"{file}: is no summary of a fleet; run goldzone train-all again") from None
    text = f"{done} of {done + failed + left} languages"
    verdict = Verdict.PASSED if done and not failed and not left else Verdict.FAILED
    return [Finding("languages", "all that were found are trained", text, str(file), verdict)]


def _show(path: Path, found: Sequence[Finding], count: int) -> None:
    from rich.markup import escape as plain
    from rich.table import Table

    from goldzone.cli.display import print_titled

    table = Table("criterion", "target", "measured", "")
    for each in found:
        table.add_row(*map(plain, (each.criterion, each.target, each.measured, each.verdict.value)))
    runs = "" if count == 1 else f", {count:,} runs"
    print_titled(f"{path}{runs}: {_counts(found)}", table)


def _counts(found: Sequence[Finding]) -> str:
    from goldzone.monitor.verification.criteria import Verdict

    return ", ".join(
        f"{number} {name}"
        for verdict, name in zip(Verdict, ("pass", "fail", "not measured"), strict=True)
        if (number := sum(each.verdict is verdict for each in found))
    )


def _page(title: str, found: Sequence[Finding]) -> str:
    """Return all as one HTML page."""
    rows = "".join(
        f"<tr><td>{escape(each.criterion)}</td><td>{escape(each.target)}</td><td>{escape(each.measured)}</td>"
        f'<td class="{each.verdict.value.split()[0]}">{each.verdict.value}</td>'
        f"<td>{escape(each.evidence)}</td></tr>"
        for each in found
    )
    heads = "".join(f"<th>{head}</th>" for head in ("criterion", "target", "measured", "verdict", "evidence"))
    body = (
        f"<p>{escape(_counts(found))}</p><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )
    return html_page(title, body, _STYLE)
