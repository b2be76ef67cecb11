"""The command line: one module a command, thin, importing what it needs when it runs."""

from __future__ import annotations

import io
import sys
from functools import partial
from typing import Annotated, cast

import typer

from goldzone import __version__
from goldzone.cli import (
    alerts,
    check_lexicon,
    compare,
    config,
    evaluate,
    export,
    flags,
    history,
    homographs,
    inspect,
    languages,
    lexicon,
    metrics,
    pack,
    phonemize,
    recommend,
    registry,
    resume,
    rollback,
    rollout,
    sums,
    track,
    train,
    train_all,
    verify,
    verify_order,
    watch,
)
from goldzone.cli.interruption import Interrupted, Keyboard
from goldzone.cli.output import OutputError, ReaderGoneError, guarded_output
from goldzone.errors import GoldzoneError
from goldzone.log_lines import forwarded_log

__all__ = ["app", "main"]

app = typer.Typer(
    name="goldzone",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.train)
app.command("train-all")(train_all.train_all)
app.command("resume")(resume.resume)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.command("phonemize")(phonemize.phonemize)
app.command("lexicon")(lexicon.lexicon)
app.command("homographs")(homographs.homographs)
app.command("pack")(pack.pack)
app.command("check-lexicon")(check_lexicon.check_lexicon)
app.command("inspect")(inspect.inspect)
app.command("history")(history.history)
app.command("watch")(watch.watch)
app.command("metrics")(metrics.metrics)
app.command("track")(track.track)
app.command("sums")(sums.sums)
app.command("config")(config.config)
app.command("recommend")(recommend.recommend)
app.command("alerts")(alerts.alerts)
app.command("verify")(verify.verify)
app.command("verify-order")(verify_order.verify_order)
app.command("flags")(flags.flags)
app.command("rollback")(rollback.rollback)
app.add_typer(registry.registry, name="registry")
app.add_typer(rollout.rollout, name="rollout")
app.command("export")(export.export)
app.command("languages")(languages.languages)

_WRONG_INPUT = 2
_READER_GONE = 141  # what a shell shows of a program that SIGPIPE ends
_INTERRUPTED = 130
_SHOWN = 200

# The base of all complaints about a command line; where it is defined differs between versions of typer.
_UsageError = cast("type[Exception]", typer.BadParameter.__bases__[0])


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"goldzone {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Train small integer-only networks that say words they have never seen.

    Begin with: goldzone train slovak
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line; what goldzone or the command line refuses is one line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # words are UTF-8, as they are read; not all consoles are
            stream.reconfigure(encoding="utf-8", errors=stream.errors)
    try:
        with guarded_output():
            code = _run()
    except ReaderGoneError:
        code = _READER_GONE
    except OutputError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - nothing guards any more
        code = _WRONG_INPUT
    sys.exit(code)


def _run() -> int:
    with Keyboard() as keyboard:
        try:
            return _carried_out()
        except Exception:
            if not keyboard.interrupted:
                raise
        except (KeyboardInterrupt, typer.Abort):
            pass
    typer.echo("interrupted", err=True)
    return _INTERRUPTED


def _carried_out() -> int:
    """Run the command, and say in one line what keeps it from its end."""
    try:
        with forwarded_log("goldzone.compilation", partial(typer.echo, err=True)):
            code = app(prog_name="goldzone", standalone_mode=False)
    except OutputError:
        raise
    except GoldzoneError as error:
        return _refused(str(error))
    except _UsageError as error:
        message = " ".join(cast(typer.BadParameter, error).format_message().split())
        command = getattr(getattr(error, "ctx", None), "command_path", "goldzone")
        return _refused(f"{message.rstrip('.')}; see {command} --help")
    except Interrupted as interruption:
        typer.echo(str(interruption), err=True)
        return interruption.exit_code
    except UnicodeEncodeError as error:
        return _refused(f"{error.object[:_SHOWN]}: is not UTF-8; rename the file")
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        return _refused(f"{where}{error.strerror or error}; check the path and the disk")
    if code == _INTERRUPTED:  # what typer makes of a KeyboardInterrupt
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _refused(problem: str) -> int:
    typer.echo(f"error: {' '.join(problem.splitlines())}", err=True)
    return _WRONG_INPUT
