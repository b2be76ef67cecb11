from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import goldzone
from goldzone.cli import app, main
from tests.cli.conftest import Goldzone, complaint

COMMANDS = [
    "train",
    "train-all",
    "resume",
    "evaluate",
    "compare",
    "phonemize",
    "lexicon",
    "homographs",
    "pack",
    "check-lexicon",
    "inspect",
    "history",
    "watch",
    "dashboard",
    "metrics",
    "track",
    "sums",
    "config",
    "recommend",
    "alerts",
    "verify",
    "verify-order",
    "flags",
    "rollback",
    "export",
    "languages",
    "registry",
    "rollout",
]


def test_every_command_is_tested_here(goldzone: Goldzone) -> None:
    listed = goldzone("--help").out.partition("Commands:\n")[2]
    assert [line.split()[0] for line in listed.splitlines()] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_of_a_command_holds_an_example_and_fits_80_columns(
    goldzone: Goldzone, command: str, option: str
) -> None:
    finished = goldzone(command, option)
    assert finished.code == 0
    assert f"Example: goldzone {command} " in finished.out
    assert max(map(len, finished.out.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []])
def test_the_general_help_says_how_to_begin(goldzone: Goldzone, arguments: list[str]) -> None:
    finished = goldzone(*arguments)
    assert (finished.code, finished.err) == (0, "")
    assert "Begin with: goldzone train slovak" in finished.out
    assert "..." not in finished.out.partition("Commands:")[2]  # no summary is cut off


def test_the_version_is_the_package_s(goldzone: Goldzone) -> None:
    from goldzone import __version__

    assert goldzone("--version").out == f"goldzone {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["frobnicate"], "No such command 'frobnicate'; see goldzone --help"),
        (["train"], "Missing argument 'LANGUAGE|FILE'; see goldzone train --help"),
        (["train", "slovak", "--bogus"], "No such option: --bogus"),
        (["train", "slovak", "--threads", "0"], "Invalid value for '--threads'"),
        (["train", "slovak", "--seed", "-1"], "Invalid value for '--seed'"),
        (["train", "slovak", "--limit", "0"], "Invalid value for '--limit'"),
        (["phonemize", "model", "--beam", "65"], "Invalid value for '--beam'"),
        (["phonemize", "model", "--n-best", "many"], "Invalid value for '--n-best'"),
        (["train", "slovak", "--out", ""], "Invalid value for '--out': is empty; give a path; see"),
        (["pack", "model", "--out", ""], "Invalid value for '--out': is empty; give a path; see"),
        (["history", "run", "--png", ""], "Invalid value for '--png': is empty; give a path; see"),
        (["evaluate", "model", "slovak", "--part", "half"], "Invalid value for '--part'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    goldzone: Goldzone, arguments: list[str], problem: str
) -> None:
    line = complaint(goldzone(*arguments))
    assert line.startswith(problem)
    assert line.endswith("--help")


def test_an_interrupt_is_one_word_and_exit_code_130(
    goldzone: Goldzone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("goldzone.data.builtin.builtin_names", interrupt)
    finished = goldzone("languages")
    assert (finished.code, finished.out, finished.err.strip()) == (130, "", "interrupted")


def test_an_error_that_is_ours_is_not_hidden(goldzone: Goldzone, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("goldzone.data.builtin.builtin_names", stumble)
    with pytest.raises(ZeroDivisionError):
        goldzone("languages")


def test_the_app_runs_under_typer_s_own_runner() -> None:
    result = CliRunner().invoke(app, ["languages", "--json"])
    assert result.exit_code == 0
    assert '"slovak"' in result.stdout


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_answers_are_utf_8_whatever_the_system_writes(
    model_file: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    monkeypatch.setattr(sys, "argv", ["goldzone", "phonemize", str(model_file), "čaj"])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 0
    assert written.getvalue().decode().startswith("čaj\t")


def test_the_console_script_gives_exit_codes() -> None:
    script = Path(sys.executable).with_name("goldzone")
    finished = subprocess.run(
        [script, "train", "slovk"], capture_output=True, text=True, check=False, timeout=60
    )
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr.startswith("error: slovk: ")
    assert "Traceback" not in finished.stderr
    assert subprocess.run([script, "--version"], capture_output=True, check=False, timeout=60).returncode == 0


def test_the_package_is_typed() -> None:
    assert (Path(goldzone.__file__).parent / "py.typed").exists()
