"""A run whose callback changed its capacity is killed, and goes on to the same model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from goldzone.training.runner import resume_run
from goldzone.training.runs.callbacks import Callback, Control
from goldzone.training.runs.events import NeuronTrained
from goldzone.training.task import RunContext
from tests.training.runs.test_callbacks import Squeeze, premodulos, task, train


class Killer(Callback):
    """Kills its own process at a neuron."""

    def __init__(self, sweep: int, order: int) -> None:
        self.at = sweep, order

    def on_neuron_trained(self, event: NeuronTrained, control: Control) -> None:
        if event.layer == 1 and (event.sweep, event.order) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("at", [(1, 5), (2, 0), (2, 3)])
def test_a_killed_run_comes_to_the_same_model(tmp_path: Path, at: tuple[int, int]) -> None:
    whole = train(tmp_path / "whole", Squeeze())
    code = (
        "import sys; from pathlib import Path; "
        "from tests.faults.test_killed_callbacks import Killer, Squeeze, train; "
        f"train(Path(sys.argv[1]), Squeeze(), Killer{at})"
    )
    killed = subprocess.run([sys.executable, "-c", code, tmp_path / "run"], check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert resume_run(task(), tmp_path / "run", RunContext(callbacks=[Squeeze()])).digest == whole.digest
    assert premodulos(tmp_path / "run") == {1: {1000}, 2: {500}, 3: {500}}
