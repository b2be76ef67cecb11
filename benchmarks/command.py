"""What the commands here share: options, and programs that are run to their end."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldzone.errors import GoldzoneError

__all__ = ["LANGUAGES", "Finished", "folder", "main", "parser", "peak_bytes", "run", "train", "write_json"]

LANGUAGES = ("french", "danish", "hungarian", "swahili", "korean", "english/american")


@dataclass(frozen=True)
class Finished:
    """What a program printed, its seconds, and its peak memory (with children) in megabytes."""

    output: str
    seconds: float
    megabytes: float


def parser(doc: str | None, *, words: int | None = None) -> argparse.ArgumentParser:
    """Return a parser named and described as the docstring of a module has it.

    Parameters
    ----------
    doc : str
        The module's docstring: what it does in a line, and its command.
    words : int, optional
        Default of `--words`; it brings `--dataset`, `--language` and `--out` as well.
    """
    title, _, more = (doc or "").partition("\n")
    made = argparse.ArgumentParser(prog=" ".join(more.split()[:3]), description=title)
    if words is not None:
        made.add_argument("--dataset", type=folder, required=True)
        made.add_argument("--language", action="append", help="May be given several times; six by default.")
        made.add_argument("--words", type=int, default=words)
        made.add_argument("--out", type=Path, help="JSON file.")
    return made


def folder(name: str) -> Path:
    """Take a folder from the command line.

    Raises
    ------
    argparse.ArgumentTypeError
        There is none of that name.
    """
    path = Path(name)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{name}: no such folder")
    return path


def main(work: Callable[[], int | None]) -> None:
    """Run a command and end the process; what goldzone or the system refuses is one line and status 2."""
    try:
        sys.exit(work())
    except GoldzoneError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}; check the path", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def run(command: list[str], text: str = "") -> Finished:
    """Run a program with a text on its standard input.

    Raises
    ------
    GoldzoneError
        It ends with another code than 0: what it said last.
    """
    started = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as stdin,
        tempfile.TemporaryFile("w+") as stdout,
        tempfile.TemporaryFile("w+") as stderr,
    ):
        stdin.write(text)
        stdin.seek(0)
        process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        stdout.seek(0)
        stderr.seek(0)
        if process.returncode:
            said = stderr.read().strip().rpartition("\n")[2]
            raise GoldzoneError(f"{command[0]} ended with {process.returncode}: {said or ' '.join(command)}")
        return Finished(stdout.read(), seconds, peak_bytes(usage) / 2**20)


def train(
    language: str,
    out: Path,
    *options: str,
    dataset: Path | None = None,
    words: int | None = None,
    seed: int = 1,
    config: str = "",
) -> tuple[dict[str, Any], Finished]:
    """Train by the command line, without the model of all words; return the summary.

    Parameters
    ----------
    language : str
    out : Path
        Folder for the run.
    *options : str
        More options of ``goldzone train``.
    dataset : Path, optional
        The built-in samples without it.
    words : int, optional
        Train on so many words.
    seed : int
    config : str
        TOML.
    """
    command = [sys.executable, "-m", "goldzone", "train", language, "--out", str(out), "--json", *options]
    command += ["--no-final", "--seed", str(seed)]
    command += ["--dataset", str(dataset)] if dataset else []
    command += ["--limit", str(words)] if words else []
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "config.toml"
        path.write_text(config + "\n", encoding="utf-8")
        finished = run([*command, "--config", str(path)])
    summary: dict[str, Any] = json.loads(finished.output)
    return summary, finished


def peak_bytes(usage: resource.struct_rusage) -> int:
    """Return the most memory that was resident, in bytes: Linux tells kilobytes."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def write_json(path: Path | None, content: object) -> None:
    """Write results, if a path was given."""
    if path:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
