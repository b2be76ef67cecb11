from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from goldzone.cli.compile_notice import compile_notice

LOGGER = logging.getLogger("goldzone.compilation")


def test_what_the_compilation_says_is_shown_on_standard_error_while_a_command_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with compile_notice():
        LOGGER.info("compiling, kept in %s", "a folder")
        LOGGER.debug("a detail")
    assert capsys.readouterr() == ("", "compiling, kept in a folder\n")


def test_afterwards_logging_is_as_it_was(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, LOGGER.name)
    before = (LOGGER.level, list(LOGGER.handlers))
    with pytest.raises(ZeroDivisionError), compile_notice():
        raise ZeroDivisionError
    assert (LOGGER.level, LOGGER.handlers) == before
    LOGGER.info("compiling")
    assert capsys.readouterr() == ("", "")


def test_a_command_says_that_it_compiles_the_first_time_only_and_never_in_its_json(
    model_file: Path, tmp_path: Path
) -> None:
    def inspect() -> tuple[object, str]:
        finished = subprocess.run(
            [sys.executable, "-m", "goldzone", "inspect", str(model_file), "--json"],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return json.loads(finished.stdout)["model"]["name"], finished.stderr

    name, said = inspect()
    assert name == "slovak"
    assert said.startswith("compiling for this processor, once: ")
    assert said.count("\n") == 1
    assert inspect() == ("slovak", "")
