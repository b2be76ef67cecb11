"""Running commands in this process, and one small run folder for all that read one."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from goldzone.cli import main


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str


class Goldzone(Protocol):
    """Runs ``goldzone ARGUMENTS`` as the console script does."""

    def __call__(self, *arguments: str | Path, stdin: bytes = b"", typed: bool = False) -> Finished: ...


class _Keyboard(io.TextIOWrapper):
    """Standard input that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give every command an empty folder, 80 columns, and nothing else from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("GOLDZONE_DATASET", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def goldzone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Goldzone:
    def run(*arguments: str | Path, stdin: bytes = b"", typed: bool = False) -> Finished:
        stream = _Keyboard if typed else io.TextIOWrapper
        monkeypatch.setattr(sys, "argv", ["goldzone", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", stream(io.BytesIO(stdin), encoding="utf-8"))
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        code = exit_.value.code
        assert isinstance(code, int)
        return Finished(code, out, err)

    return run


@pytest.fixture(scope="session")
def quick_toml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration that trains in a fraction of a second."""
    path = tmp_path_factory.mktemp("config") / "quick.toml"
    path.write_text(
        "[network]\nneurons = 20\n[pipeline]\nsweeps = 2\n[capacity]\npremodulo = 1024\n"
        "[alerts.collapse]\nthreshold = 0.75\n"
    )
    return path


@pytest.fixture(scope="session")
def one_by_one_toml(tmp_path_factory: pytest.TempPathFactory, quick_toml: Path) -> Path:
    """The same with neurons that learn one after the other."""
    path = tmp_path_factory.mktemp("config") / "one_by_one.toml"
    path.write_text('[credit]\nkind = "rank"\n' + quick_toml.read_text())
    return path


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, quick_toml: Path) -> Path:
    """A finished run of built-in Slovak, without the model of all words."""
    path = tmp_path_factory.mktemp("runs") / "slovak"
    with pytest.MonkeyPatch.context() as patch:
        arguments = [
            "train",
            "slovak",
            "--config",
            str(quick_toml),
            "--out",
            str(path),
            "--no-final",
            "--json",
        ]
        patch.setattr(sys, "argv", ["goldzone", *arguments])
        patch.setattr(sys, "stdout", io.StringIO())
        patch.setattr(sys, "stderr", io.StringIO())
        with pytest.raises(SystemExit) as exit_:
            main()
    assert exit_.value.code == 0
    return path


def complaint(finished: Finished) -> str:
    """Check that a command failed as a command should, and return its one line.

    Before it may stand how a lexicon file was read.
    """
    assert finished.code == 2, finished
    assert finished.out == ""
    *before, line = finished.err.splitlines()
    assert all(": read as " in said for said in before), finished
    assert line.startswith("error: ")
    assert finished.err.endswith("\n")
    return line.removeprefix("error: ")
