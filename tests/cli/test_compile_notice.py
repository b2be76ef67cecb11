from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from goldzone.log_lines import forwarded_log

LOGGER = logging.getLogger("goldzone.compilation")


def test_what_a_logger_says_is_handed_on_for_a_while_and_then_it_is_as_it_was(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR, LOGGER.name)
    before = (LOGGER.level, list(LOGGER.handlers))
    said: list[str] = []
    with contextlib.suppress(ZeroDivisionError), forwarded_log(LOGGER.name, said.append):
        LOGGER.info("compiling, kept in %s", "a folder")
        LOGGER.debug("a detail")
        raise ZeroDivisionError
    assert (LOGGER.level, LOGGER.handlers) == before
    LOGGER.info("compiling")
    assert said == ["compiling, kept in a folder"]


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
