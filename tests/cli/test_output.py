from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table

from goldzone.cli.comparison_display import print_comparison
from goldzone.cli.output import OutputError, escaped, guarded_output, screen
from goldzone.fleet.compare.results import Report
from tests.cli.conftest import Goldzone, complaint

EVIL = "a\x1b]0;title\x07\x9b31mb\x7f"
HARMLESS = "a\\u001b]0;title\\u0007\\u009b31mb\\u007f"


def run(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "goldzone", *arguments]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, check=False)


def one_line(finished: subprocess.CompletedProcess[bytes]) -> str:
    """Check that a process ended with one line of error, and return it."""
    assert finished.returncode == 2, finished
    line = finished.stderr.decode()
    assert line.startswith("error: "), line
    assert line.count("\n") == 1
    return line


def test_control_characters_are_escaped_and_text_stays() -> None:
    assert escaped(EVIL) == HARMLESS
    assert json.loads(json.dumps(HARMLESS, ensure_ascii=False).replace("\\\\", "\\")) == EVIL
    for text in ("voda\tvɔda\n", "شب‌ها", "", "漢字"):
        assert escaped(text) == text
    assert escaped("a\r\nb\rc") == "a\nb\\u000dc"


def test_whoever_prints_prints_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    with guarded_output():
        print(EVIL)  # noqa: T201
        print(EVIL, file=sys.stderr)  # noqa: T201
        table = Table("name")
        table.add_row(EVIL)
        screen().print(table)
        screen(stderr=True).print(EVIL, markup=False)
    for printed in capsys.readouterr():
        assert not any(character in printed for character in "\x1b\x07\x9b\x7f")
        assert "\\u009b31m" in printed


def test_colours_of_a_comparison_reach_the_terminal_and_names_do_not_become_some(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with guarded_output():
        print_comparison(Report(arms=("a", "b"), margin=0.0, overall=None, failures={"c": EVIL}), [])
    printed = capsys.readouterr().out
    assert "failed: c: a\\u001b]0;title" in printed
    assert "\x1b]" not in printed
    assert "\x1b[1;31mverdict: Error\x1b[0m" in printed


def test_names_in_errors_and_answers_are_escaped(goldzone: Goldzone, run_folder: Path) -> None:
    assert complaint(goldzone("train", EVIL)).startswith(f"{HARMLESS}: is neither a file")
    assert complaint(goldzone("train", "two\nlines")).startswith("two lines: is neither a file")
    said = goldzone("phonemize", run_folder, "--whole-lines", "vo\x1b[2Jda")
    assert "\x1b" not in said.out + said.err


@pytest.mark.skipif(os.name != "posix", reason="file names are no bytes there")
def test_names_that_no_file_can_have_are_one_line(tmp_path: Path) -> None:
    assert "File name too long" in one_line(run("train", "a" * 300))
    assert "File name too long" in one_line(run("inspect", "a" * 300))
    assert "File name too long" in one_line(run("train", "slovak", "--out", "a" * 300))
    Path(os.fsdecode(b"\xff.tsv")).write_text("ab\tab\nba\tba\n")
    finished = run("train", os.fsdecode(b"\xff.tsv"), "--out", str(tmp_path / "run"))
    assert finished.returncode == 2
    assert b"Traceback" not in finished.stderr
    assert finished.stderr.decode().splitlines()[-1].startswith("error: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_or_closed_output_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        assert "standard output: cannot be written (No space left" in one_line(
            run("languages", stdout=full.fileno())
        )
        assert "No space left" in one_line(run("--help", stdout=full.fileno()))


@pytest.mark.skipif(os.name != "posix", reason="the codes are those of its shells")
def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    finished = run("languages", stdout=writing)
    os.close(writing)
    assert (finished.returncode, finished.stderr) == (141, b"")


def test_an_error_that_nobody_can_be_told_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    with guarded_output():
        print("lost", file=sys.stderr)  # noqa: T201
    monkeypatch.setattr(sys, "stdout", closed)
    with pytest.raises(OutputError, match="standard output: cannot be written"), guarded_output():
        print("lost")  # noqa: T201


INTERRUPTED = """
import os, signal, sys
from goldzone.__main__ import main
class Finder:
    def find_spec(self, name, *rest):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = ["goldzone", "phonemize", "nowhere", "voda"]
main()
"""


@pytest.mark.parametrize("module", ["typer", "goldzone.cli.train", "numpy", "numba", "goldzone.g2p.model"])
def test_an_interrupt_while_importing_is_one_word(module: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(module=module)], capture_output=True, check=False
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, b"", b"interrupted\n")
