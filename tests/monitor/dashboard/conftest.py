from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from goldzone.data.builtin import load_builtin
from goldzone.errors import StateError
from goldzone.g2p.task import PhonemizerTask
from goldzone.monitor.dashboard.app import Dashboard, dashboard_server
from goldzone.training.config import TrainingConfig
from goldzone.training.runner import start_run
from goldzone.training.runs.run_folder import RunSource
from goldzone.training.task import RunContext


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs of a built-in sample."""
    folder = tmp_path_factory.mktemp("runs")
    for name, neurons in (("narrow", 20), ("wide", 40)):
        config = TrainingConfig.model_validate(
            {"network": {"neurons": neurons}, "pipeline": {"sweeps": 3}, "capacity": {"controller": "law"}}
        )
        task = PhonemizerTask.of(load_builtin("slovak"), config, limit=150)
        start_run(task, folder / name, RunContext(), source=RunSource(name="slovak", limit=150))
    return folder


def say(run: Path, text: str) -> str:
    if text == "?":
        raise StateError("nothing is known of ?")
    return f"{run.name} says {text}"


@pytest.fixture
def serve() -> Callable[..., object]:
    """Serve folders while a test runs; gives the address."""

    @contextmanager
    def serving(*paths: Path, token: str | None = None) -> Iterator[str]:
        application = Dashboard(paths, say, metrics=lambda: b"up 1\n", token=token)
        with dashboard_server(application, "127.0.0.1", 0, token) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()

    return serving
