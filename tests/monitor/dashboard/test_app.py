"""What is served, to whom, and what is not."""
# ruff: noqa: S310 - the addresses are those of a server of these tests

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from goldzone.errors import ConfigError, StateError
from goldzone.monitor.dashboard.app import Dashboard, dashboard_server
from goldzone.monitor.dashboard.views import differences, run_id
from goldzone.training.config import TrainingConfig
from tests.monitor.dashboard.conftest import say

Serve = Callable[..., AbstractContextManager[str]]


TOKEN = "secret"  # noqa: S105 - of a server that lives for a test


def fetch(address: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    request = urllib.request.Request(
        address, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


def values(address: str, **headers: str) -> Any:
    status, body, _ = fetch(address, **headers)
    assert status == 200, body
    return json.loads(body)


def test_runs_are_listed_and_told_of(serve: Serve, recorded: Path) -> None:
    with serve(recorded) as at:
        runs = values(f"{at}/api/runs")
        assert {Path(run["path"]).name for run in runs} == {"narrow", "wide"}
        run = values(f"{at}/api/runs/{run_id(recorded / 'narrow')}")
        assert len(run["neurons"]) == 21
        assert len(run["glance"]["curve"]) == 3
        assert {each["layer"] for each in run["sweeps"]} == {1, 2}
        fields = {each["field"]: each["value"] for each in run["changed"]}
        assert fields == {"network.neurons": "20", "pipeline.sweeps": "3", "capacity.controller": "law"}
        history = values(f"{at}/api/runs/{run['id']}/neurons/1/3")
        assert [row["sweep"] for row in history] == [1, 2, 3]
        assert values(f"{at}/api/runs/{run['id']}/say?text=a%20b")["said"] == "narrow says a b"
        assert fetch(f"{at}/metrics")[1] == "up 1\n"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/runs/none", 404),
        ("/api/runs/{id}/neurons/9/0", 400),
        ("/api/runs/{id}/neurons/1/900", 400),
        ("/api/runs/{id}/neurons/1/x", 404),
        ("/api/runs/{id}/say?text=%3F", 400),
        ("/../../../etc/passwd", 404),
        ("/static/../app.py", 404),
        ("/%2e%2e/app.py", 404),
    ],
)
def test_what_there_is_not_is_told(serve: Serve, recorded: Path, path: str, status: int) -> None:
    with serve(recorded) as at:
        found = fetch(at + path.format(id=run_id(recorded / "wide")))
        assert found[0] == status
        assert json.loads(found[1])["problem"]


def test_a_page_of_the_web_cannot_ask(serve: Serve, recorded: Path) -> None:
    with serve(recorded) as at:
        host = at.removeprefix("http://")
        assert fetch(f"{at}/api/runs", Host="evil.example")[0] == 403
        assert fetch(f"{at}/api/runs", Origin="http://evil.example")[0] == 403
        assert fetch(f"{at}/api/runs", Origin="null")[0] == 403
        assert fetch(f"{at}/api/runs", Origin=f"http://{host}")[0] == 200
        status, _, headers = fetch(f"{at}/")
        assert status == 200
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "Access-Control-Allow-Origin" not in headers
        request = urllib.request.Request(f"{at}/api/runs", data=b"x", method="POST")
        with pytest.raises(urllib.error.HTTPError, match="405"):
            urllib.request.urlopen(request, timeout=30)


def test_elsewhere_a_token_is_asked_for(serve: Serve, recorded: Path) -> None:
    with pytest.raises(ConfigError, match="give a token"):
        dashboard_server(Dashboard([recorded], say), "192.0.2.1", 0, None)
    with serve(recorded, token=TOKEN) as at:
        assert fetch(f"{at}/api/runs")[0] == 401
        assert fetch(f"{at}/api/runs", Authorization="Bearer wrong")[0] == 401
        assert fetch(f"{at}/api/runs", Authorization="Bearer secret", Host="elsewhere:1")[0] == 200
        status, _, headers = fetch(f"{at}/?token=secret")
        assert (status, headers["Set-Cookie"]) == (200, "goldzone=secret; HttpOnly; SameSite=Strict; Path=/")
        assert fetch(f"{at}/api/runs", Cookie="goldzone=secret")[0] == 200


def test_a_damaged_run_is_told_of_beside_the_others(serve: Serve, recorded: Path, tmp_path: Path) -> None:
    shutil.copytree(recorded, tmp_path / "runs")
    log = tmp_path / "runs" / "narrow" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b"sweep_started", b"sweep_startled", 1))
    with serve(tmp_path / "runs") as at:
        first, second = values(f"{at}/api/runs")
        assert "restore the file" in first["problem"]
        assert second["problem"] is None
        assert values(f"{at}/api/runs/{first['id']}")["problem"] == first["problem"]


def test_a_port_that_is_taken_is_one_line(serve: Serve, recorded: Path) -> None:
    with serve(recorded) as at, pytest.raises(StateError, match="choose another --port"):
        dashboard_server(Dashboard([recorded], say), "127.0.0.1", int(at.rpartition(":")[2]), None)


def test_the_default_configuration_differs_in_nothing() -> None:
    assert differences(TrainingConfig()) == []
