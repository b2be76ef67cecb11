"""What is imported before there is anything to do; how long it takes is measured in benchmarks/speed."""

from __future__ import annotations

import subprocess
import sys

from goldzone.cli import app

# Not pydantic, which typer imports for the options of a command where it is installed.
HEAVY = {"numba", "numpy", "scipy", "rich.console", "filelock", "matplotlib", "msgspec", "pandas", "pyarrow"}
COMMANDS = [
    [],
    *([str(command.name)] for command in app.registered_commands),
    ["--version"],
    ["train", "--bogus"],
]


def imported_by(code: str) -> list[set[str]]:
    """Run code in a process of its own; return the modules that were there each time it called `tell`."""
    tell = "import sys\ndef tell(): print('modules', *sys.modules)\n"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{tell}{code}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    return [set(line.split()[1:]) for line in finished.stdout.splitlines() if line.startswith("modules ")]


def test_importing_goldzone_imports_nothing_else_that_is_large() -> None:
    (modules,) = imported_by("import goldzone\ntell()")
    assert "goldzone" in modules
    assert not modules & (HEAVY | {"typer", "pydantic", "logging"})


def test_help_imports_no_library_that_only_the_work_needs() -> None:
    commands = [command if "--" in " ".join(command) else [*command, "--help"] for command in COMMANDS]
    found = imported_by(
        f"from goldzone.cli import main\nfor command in {commands}:\n"
        "    sys.argv = ['goldzone', *command]\n"
        "    try: main()\n    except SystemExit as end: assert end.code == 2 * ('--bogus' in command)\n"
        "    tell()"
    )
    assert len(found) == len(commands)
    for command, modules in zip(commands, found, strict=True):
        assert not modules & HEAVY, command
