from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.forks import log_problem, sha256
from tests.faults.harness import goldzone


def answer(*arguments: str) -> tuple[int, str]:
    process = goldzone(*arguments, "--threads", "1")
    _, error = process.communicate()
    return process.returncode, error.decode()


@contextmanager
def training(words: Path, config: Path, run: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Train until the first sweep has been judged, and then as long as the block lasts."""
    with goldzone("train", str(words), "--config", str(config), "--out", str(run)) as process:
        try:
            assert process.stderr is not None
            while not (line := process.stderr.readline()).startswith(b"sweep 1/"):
                assert line, "it ended before its first sweep"
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def long_toml(tiny_toml: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration that trains for 40 sweeps, long enough to be disturbed."""
    path = tmp_path_factory.mktemp("config") / "long.toml"
    more = "sweeps = 40\npatience = 1000\nattempts = 1000"
    path.write_text(tiny_toml.read_text().replace("sweeps = 2", more).replace("neurons = 12", "neurons = 60"))
    return path


@pytest.fixture(scope="module")
def model(words: Path, long_toml: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The SHA-256 of the model of an undisturbed run."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    assert answer("train", str(words), "--config", str(long_toml), "--out", str(run))[0] == 0
    return sha256(run)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_process_in_a_state_that_goes_on_to_the_same_model(
    tmp_path: Path, words: Path, long_toml: Path, model: str, number: signal.Signals, code: int
) -> None:
    run = tmp_path / "run"
    with training(words, long_toml, run) as process:
        process.send_signal(number)
        _, error = process.communicate()
    assert process.returncode == code
    assert error.decode().endswith(f"interrupted; continue with: goldzone resume {run}\n")
    assert answer("resume", str(run))[0] == 0
    assert sha256(run) == model
    assert log_problem(run) == ""


def test_a_second_trainer_of_a_run_is_refused_whatever_it_wants(
    tmp_path: Path, words: Path, long_toml: Path, model: str
) -> None:
    run = tmp_path / "run"
    train = ("train", str(words), "--config", str(long_toml), "--out", str(run))
    with training(words, long_toml, run) as process:
        process.send_signal(signal.SIGSTOP)  # it must not end before the others have come
        for arguments in (train, (*train, "--force"), ("resume", str(run))):
            code, error = answer(*arguments)
            assert code == 2
            assert error.endswith(": another process is training this run; wait for it, or stop it\n")
            assert error.count("\n") == 1
        assert process.poll() is None
        process.send_signal(signal.SIGCONT)
        process.communicate()
    assert process.returncode == 0
    assert sha256(run) == model


def test_a_limit_of_the_system_on_files_is_one_line_and_the_run_can_be_resumed(
    tmp_path: Path, words: Path, long_toml: Path, model: str
) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "goldzone", "train", str(words), "--config", str(long_toml)]
    finished = subprocess.run(
        [*command, "--out", str(run)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)),
        capture_output=True,
        check=False,
    )
    assert finished.returncode == 2
    assert finished.stderr.decode().splitlines()[-1].startswith(f"error: {run}/")
    assert "cannot be written" in finished.stderr.decode()
    assert "Traceback" not in finished.stderr.decode()
    assert answer("resume", str(run))[0] == 0
    assert sha256(run) == model
    assert log_problem(run) == ""
