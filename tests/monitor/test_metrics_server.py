from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from goldzone.errors import ConfigError, StateError
from goldzone.monitor.metrics_server import metrics_server
from goldzone.monitor.serving import is_loopback


@contextmanager
def serving(token: str | None = None) -> Iterator[str]:
    def text() -> bytes:
        if broken:
            raise StateError("runs: is gone; restore it")
        return b"goldzone_x 1.0\n"

    broken: list[bool] = []
    with metrics_server(text, 0, token=token) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def ask(address: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - ours
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_metrics_are_served_and_nothing_else_is() -> None:
    with serving() as address:
        assert ask(f"{address}/metrics") == (200, "goldzone_x 1.0\n")
        assert ask(f"{address}/") == (404, "metrics are at /metrics\n")
        assert ask(f"{address}/metrics/../etc") == (404, "metrics are at /metrics\n")


@pytest.mark.parametrize("host", ["localhost", "localhost:9109", "127.0.0.1:1", "[::1]:9", "127.0.0.2"])
def test_requests_to_this_machine_are_answered(host: str) -> None:
    with serving() as address:
        assert ask(f"{address}/metrics", Host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "8.8.8.8", "x:y:z"])
def test_a_page_of_the_web_gets_no_answer_through_its_own_name(host: str) -> None:
    with serving() as address:
        assert ask(f"{address}/metrics", Host=host)[0] == 403


def test_a_page_of_another_origin_gets_no_answer() -> None:
    with serving() as address:
        assert ask(f"{address}/metrics", Origin="https://evil.example")[0] == 403


def test_a_token_is_asked_for_and_then_any_name_will_do() -> None:
    with serving("secret") as address:
        assert ask(f"{address}/metrics")[0] == 401
        assert ask(f"{address}/metrics", Authorization="Bearer wrong")[0] == 401
        assert ask(f"{address}/metrics", Authorization="secret")[0] == 401
        assert ask(f"{address}/metrics", Authorization="Bearer secret", Host="metrics.example")[0] == 200


def test_nothing_is_bound_for_others_without_a_token() -> None:
    with pytest.raises(ConfigError, match="others may reach it; give a token"):
        metrics_server(lambda: b"", 0, host="0.0.0.0")  # noqa: S104 - refused


def test_a_port_in_use_is_one_line() -> None:
    with (
        metrics_server(lambda: b"", 0) as server,
        pytest.raises(StateError, match=r"cannot be listened at .*; choose another --port"),
    ):
        metrics_server(lambda: b"", server.server_port)


def test_loopback_is_told_from_others() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "example.org", "")))  # noqa: S104 - only names
