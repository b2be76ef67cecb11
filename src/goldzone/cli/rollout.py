"""``goldzone rollout``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.sources import JsonOption, thread_count

if TYPE_CHECKING:
    from goldzone.fleet.jobs import LanguageJob
    from goldzone.fleet.rollout.conductor import Conductor, TrainAll
    from goldzone.fleet.rollout.state import State

rollout = typer.Typer(
    help="Take languages to another configuration, and back.\n\n"
    "Example: goldzone rollout start plan.toml --out rollouts/backward",
    no_args_is_help=True,
    rich_markup_mode=None,
)

FolderArgument = Annotated[Path, typer.Argument(metavar="ROLLOUT", help="The rollout's folder.")]
JobsOption = Annotated[
    int | None, typer.Option(min=1, max=256, help="Languages at a time; one a processor by default.")
]
WhyOption = Annotated[str, typer.Option(help="For the audit log.")]
_EVERY = 2.0


@rollout.command("plan")
def plan() -> None:
    """Print a plan to start from.

    Example: goldzone rollout plan > plan.toml
    """
    from goldzone.fleet.rollout.plan import TEMPLATE

    typer.echo(TEMPLATE, nl=False)


@rollout.command("start")
def start(
    file: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan (TOML).")],
    out: Annotated[
        Path, typer.Option(parser=given_path, metavar="ROLLOUT", help="Folder of its state and runs.")
    ],
    jobs: JobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Begin a rollout, or go on with one that was killed, until a pause or the end.

    Languages are trained in the new configuration, a share at a time, and those that pass their gates against
    the registry's champion become the champion. A rollout that fails an analysis takes all of it back.

    Example: goldzone rollout start plan.toml --out rollouts/backward
    """
    from goldzone.errors import StateError
    from goldzone.fleet.rollout.plan import read_plan
    from goldzone.fleet.rollout.state import PLAN
    from goldzone.storage.files import read_bounded, write_atomically

    read_plan(file)  # before anything is written
    kept = out / PLAN
    if not kept.is_file():
        out.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, read_bounded(file, 1 << 20, error=StateError), error=StateError)
    with _conducted(out, jobs, file) as conductor:
        conductor.begin()
        _tell(out, conductor.advance(), as_json=as_json)


@rollout.command("get")
def get(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Show where a rollout stands.

    Example: goldzone rollout get rollouts/backward
    """
    _tell(folder, _state(folder), as_json=as_json)


@rollout.command("watch")
def watch(
    folder: FolderArgument,
    jobs: JobsOption = None,
    every: Annotated[float, typer.Option(min=0.01, help="Seconds between two looks.")] = _EVERY,
) -> None:
    """Look on until a rollout stands, and go on with it when a pause of so many seconds is over.

    Example: goldzone rollout watch rollouts/backward
    """
    from goldzone.fleet.rollout.state import Status

    shown = None
    while True:
        state = _state(folder)
        if state.status is Status.PAUSED and state.until is not None and time.time() >= state.until:
            with _conducted(folder, jobs) as conductor:
                state = conductor.advance()
        if state != shown:
            typer.echo(f"{_headline(folder, state)}")
            shown = state
        waits = state.status is Status.PAUSED and state.until is not None
        if state.status is not Status.PROGRESSING and not waits:
            raise typer.Exit(_exit_code(state))
        time.sleep(every)


@rollout.command("pause")
def pause(folder: FolderArgument) -> None:
    """Stop before the next step.

    Example: goldzone rollout pause rollouts/backward
    """
    from goldzone.fleet.rollout.conductor import ask_to_pause

    ask_to_pause(folder, _state(folder))
    advice = f"go on with: goldzone rollout promote {folder}"
    typer.echo(f"{folder}: pauses before its next step; {advice}", err=True)


@rollout.command("promote")
def promote(folder: FolderArgument, jobs: JobsOption = None, as_json: JsonOption = False) -> None:
    """Leave a pause, and go on.

    Example: goldzone rollout promote rollouts/backward
    """
    with _conducted(folder, jobs) as conductor:
        conductor.promote(conductor.state())
        _tell(folder, conductor.advance(), as_json=as_json)


@rollout.command("abort")
def abort(folder: FolderArgument, why: WhyOption = "aborted", as_json: JsonOption = False) -> None:
    """End a rollout, and let all aliases stand for what they stood for before.

    Example: goldzone rollout abort rollouts/backward --why "users complain"
    """
    from goldzone.fleet.rollout.state import Status

    with _conducted(folder, None) as conductor:
        _tell(folder, conductor.back(conductor.state(), Status.DEGRADED, why), as_json=as_json)


@rollout.command("undo")
def undo(
    folder: FolderArgument,
    languages: Annotated[
        list[str] | None, typer.Argument(metavar="[LANGUAGE]...", help="All by default.")
    ] = None,
    why: WhyOption = "undone",
    as_json: JsonOption = False,
) -> None:
    """Take back what a rollout did: of all languages, or of some (the hard rollback).

    Model and configuration are those of the version before; `goldzone rollout retry` takes it over again,
    without training.

    Example: goldzone rollout undo rollouts/backward french
    """
    from goldzone.fleet.rollout.state import Status

    with _conducted(folder, None) as conductor:
        state = conductor.back(conductor.state(), Status.UNDONE, why, languages or None)
        _tell(folder, state, as_json=as_json)


@rollout.command("retry")
def retry(folder: FolderArgument, jobs: JobsOption = None, as_json: JsonOption = False) -> None:
    """Begin again after an abort, a failed analysis or an undo.

    Example: goldzone rollout retry rollouts/backward
    """
    with _conducted(folder, jobs) as conductor:
        conductor.again(conductor.state())
        _tell(folder, conductor.advance(), as_json=as_json)


def _state(folder: Path) -> State:
    from goldzone.errors import StateError
    from goldzone.fleet.rollout.state import STATE, read_state

    path = folder / STATE
    if not path.is_file():
        raise StateError(f"{folder}: is no rollout; begin one with goldzone rollout start")
    return read_state(path)


@contextmanager
def _conducted(folder: Path, jobs: int | None, plan_file: Path | None = None) -> Iterator[Conductor]:
    """Conduct a rollout, alone."""
    from goldzone.errors import StateError
    from goldzone.fleet.rollout.state import PLAN
    from goldzone.training.runs.lock import locked

    if plan_file is None:
        _state(folder)
    if not folder.is_dir():
        raise StateError(f"{folder}: is no rollout; begin one with goldzone rollout start")
    with locked(folder / "lock"):
        yield _conductor(folder, jobs, plan_file or folder / PLAN)


def _conductor(folder: Path, jobs: int | None, plan_file: Path) -> Conductor:
    from goldzone.fleet.rollout.conductor import Conductor
    from goldzone.fleet.rollout.plan import read_plan

    told: list[str] = []

    def on_change(state: State) -> None:
        line = _headline(folder, state)
        if not told or told[-1] != line:
            told.append(line)
            typer.echo(line, err=True)

    plan = read_plan(plan_file)
    _refuse_unknown(plan.gates.criteria, plan_file)
    return Conductor(plan, folder, _trainer(jobs), _failed, threads=thread_count(None), on_change=on_change)


def _refuse_unknown(criteria: Sequence[str], file: Path) -> None:
    from goldzone.errors import ConfigError
    from goldzone.monitor.verification.criteria import CRITERIA
    from goldzone.validation import nearest

    known = [name for name, *_ in CRITERIA]
    for name in criteria:
        if name not in known:
            near = nearest(name, known)
            advice = f"did you mean {near!r}?" if near else f"there are {', '.join(known)}"
            raise ConfigError(f"{file}: gates.criteria: {name!r} is no criterion; {advice}")


def _failed(run: Path) -> dict[str, str]:
    """Return the criteria of `goldzone verify` that a run fails."""
    from goldzone.monitor.verification.criteria import Verdict, verify_run
    from goldzone.monitor.verification.facts import read_facts

    found = verify_run(read_facts(run))
    return {each.criterion: each.measured for each in found if each.verdict is Verdict.FAILED}


def _trainer(jobs: int | None) -> TrainAll:
    """Return what trains languages in processes of this machine."""

    def train(planned: Sequence[LanguageJob]) -> dict[str, str]:
        from goldzone.cli.fleet_runs import carry_out
        from goldzone.fleet.results import FleetRecord

        for job in planned:
            Path(job.run).parent.mkdir(parents=True, exist_ok=True)
        record = FleetRecord(planned)
        carry_out(planned, jobs, record)
        return {failure.name: failure.message for failure in record.summary(0.0).failures}

    return train


def _headline(folder: Path, state: State) -> str:
    from goldzone.fleet.rollout.state import Stage

    counts = ", ".join(f"{state.count(stage):,} {stage.value}" for stage in Stage if state.count(stage))
    return f"{folder}: {state.status.value}, step {state.step}: {state.message or 'begins'} ({counts})"


def _exit_code(state: State) -> int:
    from goldzone.fleet.rollout.state import Status

    return 1 if state.status is Status.DEGRADED else 0


def _tell(folder: Path, state: State, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(state.model_dump(mode="json"), ensure_ascii=False))
    else:
        _show(folder, state)
    if _exit_code(state):
        raise typer.Exit(_exit_code(state))


def _show(folder: Path, state: State) -> None:
    from rich.markup import escape
    from rich.table import Table

    from goldzone.cli.display import print_titled

    table = Table("language", "stage", "words right", "before", "now", "why not")
    for name in state.order:
        found = state.of(name)
        change = "" if found.difference is None else f"{100 * found.difference:+.1f} points"
        versions = (found.before or "", found.version or "")
        cells = (name, found.stage.value, change, *versions, "; ".join(found.reasons))
        table.add_row(*map(escape, cells))
    print_titled(_headline(folder, state), table)
