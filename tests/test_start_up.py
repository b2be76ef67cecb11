"""What is imported before there is anything to do; how long it takes is measured in benchmarks/speed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from goldzone.cli import app

# Not pydantic, which typer imports for the options of a command where it is installed.
HEAVY = {"numba", "numpy", "scipy", "rich.console", "filelock", "matplotlib", "pandas", "pyarrow"}


def imported_by(code: str) -> set[str]:
    """Run code in a process of its own; return the modules that are there afterwards."""
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{code}\nimport sys\nprint('modules', *sys.modules)"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    return set(finished.stdout.splitlines()[-1].split()[1:])


def test_importing_goldzone_imports_nothing_else_that_is_large() -> None:
    modules = imported_by("import goldzone")
    assert "goldzone" in modules
    assert not modules & (HEAVY | {"typer", "pydantic", "logging"})


@pytest.mark.parametrize("command", ["", *(str(command.name) for command in app.registered_commands)])
def test_help_imports_no_library_that_only_the_work_needs(command: str) -> None:
    modules = imported_by(
        f"from goldzone.cli import main\nimport sys\nsys.argv = ['goldzone', *{command.split()}, '--help']\n"
        "try: main()\nexcept SystemExit as end: assert end.code == 0, end.code"
    )
    assert "goldzone.cli" in modules
    assert not modules & HEAVY
