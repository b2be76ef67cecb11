from __future__ import annotations

import json
import os
import select
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from goldzone.monitor import alert_listener
from goldzone.monitor.alert_listener import AlertListener
from goldzone.monitor.alert_settings import AlertSettings, run_config_from_toml
from goldzone.monitor.alerts import replay
from goldzone.monitor.notify import DeliveryError, Notifier, make_notifier, post, run_command
from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import AlertClosed, AlertEvent, AlertOpened, AlertUpdated, Event, Warned
from goldzone.training.runs.listeners import Audience
from tests.monitor.scripts import Script

ALERT = AlertOpened(
    time=5.0,
    rule="collapse",
    layer=1,
    severity="warning",
    sweep=3,
    value=0.5,
    threshold=0.1,
    message="layer 1: é",
)
LIMIT = 60.0
"""Far more seconds than any test takes."""


class Answers(BaseHTTPRequestHandler):
    """Answers with the codes of a list, and keeps what it got."""

    codes: list[int]
    got: list[tuple[str, str | None, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, self.headers["Content-Type"], body))
        self.send_response(self.codes.pop(0))
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 - what a followed redirection would call

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


@contextmanager
def server(*codes: int) -> Iterator[tuple[str, list[tuple[str, str | None, bytes]]]]:
    """Serve on this machine; yields the address and what was posted."""

    class Handler(Answers):
        pass

    Handler.codes, Handler.got = list(codes), []
    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}/hook?a=1", Handler.got
        finally:
            http.shutdown()
            thread.join()


def test_json_is_posted() -> None:
    with server(204) as (url, got):
        post(b'{"a": 1}', url=url, timeout=LIMIT)
    assert got == [("/hook?a=1", "application/json", b'{"a": 1}')]


@pytest.mark.parametrize(
    ("code", "again"), [(302, False), (307, False), (404, False), (429, True), (500, True), (503, True)]
)
def test_an_answer_that_is_no_success_is_an_error_and_no_redirection_is_followed(
    code: int, again: bool
) -> None:
    with server(code, 200) as (url, got), pytest.raises(DeliveryError, match=f"answered {code}") as error:
        post(b"{}", url=url, timeout=LIMIT)
    assert error.value.again is again
    assert len(got) == 1
    assert "127.0.0.1" not in str(error.value)


def test_nobody_there_is_an_error_that_may_pass() -> None:
    with server() as (url, _):
        pass
    with pytest.raises(DeliveryError, match="ConnectionRefusedError") as error:
        post(b"{}", url=url, timeout=LIMIT)
    assert error.value.again


@pytest.mark.parametrize(
    "url", ["file:///etc/hosts", "ftp://127.0.0.1/", "http://", "$HOOK", "http://a b", "http://u:p@h/"]
)
def test_other_addresses_are_not_opened(url: str) -> None:
    with pytest.raises(DeliveryError, match="not http or https") as error:
        post(b"{}", url=url, timeout=LIMIT)
    assert not error.value.again


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def test_a_command_gets_the_json_and_no_shell_reads_it(tmp_path: Path) -> None:
    out = tmp_path / "out; echo $HOME"
    keep = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())"
    run_command(b'{"a": "`id`"}', command=python(keep, str(out)), timeout=LIMIT)
    assert out.read_bytes() == b'{"a": "`id`"}'


@pytest.mark.parametrize(
    ("command", "timeout", "problem"),
    [
        (python("raise SystemExit(3)"), LIMIT, "exited with 3"),
        (python("import threading; threading.Event().wait()"), 0.05, "took longer than 0.05 s"),
        (("/nowhere/program",), LIMIT, "cannot be run"),
        (("a\0b",), LIMIT, "cannot be run"),
    ],
)
def test_a_command_that_fails_is_an_error_and_not_tried_again(
    command: tuple[str, ...], timeout: float, problem: str
) -> None:
    with pytest.raises(DeliveryError, match=problem) as error:
        run_command(b"{}", command=command, timeout=timeout)
    assert not error.value.again


@pytest.mark.skipif(os.name != "posix", reason="needs process groups")
def test_the_children_of_a_command_that_takes_too_long_end_with_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    child = f"sleep 1000 >{shlex.quote(str(pipe))}"
    with pytest.raises(DeliveryError, match=r"took longer than 0\.5 s"):
        run_command(b"{}", command=("/bin/sh", "-c", f"{child} & wait"), timeout=0.5)
    assert select.select([reading], [], [], LIMIT)[0] == [reading]  # the system closed the other end
    assert os.read(reading, 1) == b""
    os.close(reading)


class Failing:
    """A delivery that fails some times, then works."""

    def __init__(self, times: int, *, again: bool = True) -> None:
        self.left, self.again, self.calls = times, again, 0
        self.bodies: list[bytes] = []

    def __call__(self, body: bytes) -> None:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise DeliveryError("no luck", again=self.again)
        self.bodies.append(body)


def test_an_alert_is_told_as_json_with_the_run() -> None:
    works, warnings = Failing(0), list[str]()
    notifier = Notifier([works], run="slovak", tell="info", warn=warnings.append)
    notifier.send(ALERT)
    notifier.close(LIMIT)
    assert [json.loads(body) for body in works.bodies] == [
        {
            "event": "alert_opened",
            "run": "slovak",
            "time": 5.0,
            "rule": "collapse",
            "layer": 1,
            "severity": "warning",
            "sweep": 3,
            "value": 0.5,
            "threshold": 0.1,
            "message": "layer 1: é",
        }
    ]
    assert warnings == []


@pytest.mark.parametrize(
    ("failures", "again", "calls", "pauses", "lost"),
    [
        (0, True, 1, [], 0),
        (2, True, 3, [1.0, 2.0], 0),
        (3, True, 4, [1.0, 2.0, 4.0], 0),
        (4, True, 4, [1.0, 2.0, 4.0], 1),
        (1, False, 1, [], 1),
    ],
)
def test_what_may_pass_is_tried_four_times_with_growing_pauses(
    failures: int, again: bool, calls: int, pauses: list[float], lost: int
) -> None:
    delivery, paused, warnings = Failing(failures, again=again), list[float](), list[str]()
    notifier = Notifier([delivery], run="r", tell="info", warn=warnings.append, pause=paused.append)
    notifier.send(ALERT)
    notifier.close(LIMIT)
    assert (delivery.calls, paused) == (calls, pauses)
    assert warnings == ["alert not delivered, no luck"] * lost


def test_one_failing_delivery_does_not_keep_the_alert_from_another() -> None:
    bad, good, warnings = Failing(99), Failing(0), list[str]()
    notifier = Notifier([bad, good], run="r", tell="info", warn=warnings.append, pause=lambda seconds: None)
    for _ in range(3):
        notifier.send(ALERT)
    notifier.close(LIMIT)
    assert len(good.bodies) == 3
    assert len(warnings) == 3


@pytest.mark.parametrize(("tell", "count"), [("info", 3), ("warning", 2), ("critical", 1)])
def test_only_severe_alerts_are_told(tell: str, count: int) -> None:
    works = Failing(0)
    notifier = Notifier([works], run="r", tell=tell, warn=pytest.fail)
    for severity in ("info", "warning", "critical"):
        notifier.send(replace(ALERT, severity=severity))
    notifier.close(LIMIT)
    assert len(works.bodies) == count


class Gate:
    """A delivery that waits until it is opened."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self.calls = 0

    def __call__(self, body: bytes) -> None:
        self.entered.set()
        assert self.opened.wait(LIMIT)
        self.calls += 1


def test_the_queue_is_bounded_and_sending_never_waits() -> None:
    gate, warnings = Gate(), list[str]()
    notifier = Notifier([gate], run="r", tell="info", warn=warnings.append, capacity=2)
    notifier.send(ALERT)
    assert gate.entered.wait(LIMIT)  # one is under way, two wait, three too many
    for _ in range(5):
        notifier.send(ALERT)
    assert len(warnings) == 3
    assert warnings[0] == "alert collapse was not delivered: too many wait; raise alerts.tell"
    gate.opened.set()
    notifier.close(LIMIT)
    assert gate.calls == 3
    assert len(warnings) == 3


def test_closing_gives_up_at_its_limit_and_says_so() -> None:
    gate, warnings = Gate(), list[str]()
    notifier = Notifier([gate], run="r", tell="info", warn=warnings.append)
    notifier.send(ALERT)
    assert gate.entered.wait(LIMIT)
    notifier.close(0.0)
    assert warnings == ["alerts were not all delivered within 0 s; see alerts.timeout_seconds"]
    notifier.close(0.0)
    notifier.send(ALERT)
    assert len(warnings) == 1
    gate.opened.set()


def test_giving_up_ends_the_pause_between_two_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goldzone.monitor.notify._FIRST_PAUSE_SECONDS", 1e5)
    tried = threading.Event()

    def fail(body: bytes) -> None:
        tried.set()
        raise DeliveryError("no luck", again=True)

    before = set(threading.enumerate())
    notifier = Notifier([fail], run="r", tell="info", warn=lambda line: None)
    (worker,) = set(threading.enumerate()) - before
    notifier.send(ALERT)
    assert tried.wait(LIMIT)
    notifier.close(0.0)
    worker.join(LIMIT)
    assert not worker.is_alive()


def test_warnings_come_in_the_thread_that_sends() -> None:
    threads: list[threading.Thread] = []
    notifier = Notifier(
        [Failing(9, again=False)],
        run="r",
        tell="info",
        warn=lambda line: threads.append(threading.current_thread()),
    )
    notifier.send(ALERT)
    notifier.close(LIMIT)
    assert threads == [threading.current_thread()]


def settings(text: str) -> AlertSettings:
    return run_config_from_toml(f"[alerts]\n{text}", "test").alerts


def test_who_is_told_follows_from_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_notifier(AlertSettings(), run="r", warn=pytest.fail) is None
    out = tmp_path / "out"
    keep = python("import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read() + b'\\n')", str(out))
    with server(200, 200) as (url, got):
        monkeypatch.setenv("HOOK", url)
        for webhook in (url, "$HOOK"):
            both = make_notifier(
                settings(f"webhook = {webhook!r}\ncommand = {json.dumps(keep)}\ntell = 'critical'"),
                run="r",
                warn=pytest.fail,
            )
            assert both is not None
            both.send(ALERT)
            both.send(replace(ALERT, severity="critical"))
            both.close(LIMIT)
    told = [json.loads(body)["severity"] for _, _, body in got]
    assert (
        told == [json.loads(line)["severity"] for line in out.read_bytes().splitlines()] == ["critical"] * 2
    )


@pytest.mark.parametrize("value", [None, "", "ftp://host/"])
def test_a_secret_address_that_is_not_set_is_a_warning(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK", raising=False)
    if value is not None:
        monkeypatch.setenv("HOOK", value)
    warnings: list[str] = []
    assert make_notifier(settings("webhook = '$HOOK'"), run="r", warn=warnings.append) is None
    assert warnings == ["alerts.webhook: the variable HOOK holds no http or https address; set it"]


def falling_run() -> Script:
    script = Script(3, 1)
    for sweep, dev in enumerate((0.6, 0.5, 0.4, 0.3, 0.6, 0.5, 0.5), 1):
        script.sweep(sweep, train=0.99, dev=dev)
    return script


def listened(path: Path, events: list[Event]) -> list[Event]:
    """Write events as a run does, with the alerts that a listener adds; return the log."""
    with BackgroundLog(path) as log:
        audience = Audience([AlertListener(AlertSettings(), "r")], log)
        for event in events:
            audience.emit(event)
        audience.finish()
        audience.close()
    return [event for _, event in read_events(path)]


def unnumbered(events: list[Event]) -> list[Event]:
    return [replace(event, sequence=0) for event in events if isinstance(event, AlertEvent)]


def test_replaying_the_log_of_a_watched_run_gives_the_alerts_it_holds(tmp_path: Path) -> None:
    log = listened(tmp_path / "log", falling_run().events)
    alerts = unnumbered(log)
    assert {type(alert) for alert in alerts} == {AlertOpened, AlertUpdated, AlertClosed}
    assert list(replay(log, AlertSettings())) == alerts
    for before, alert in pairwise(log):
        if isinstance(alert, AlertEvent):
            assert alert.time == before.time  # right after what moved it


@pytest.mark.parametrize("lost", [0, 1])
def test_a_resumed_run_adds_the_alert_that_was_not_written_before_the_kill(tmp_path: Path, lost: int) -> None:
    whole = listened(tmp_path / "whole", falling_run().events)
    last = max(index for index, event in enumerate(whole) if isinstance(event, AlertEvent))
    kept = whole[: last + 1 - lost]
    found: list[Event] = []
    listener = AlertListener(AlertSettings(), "r")
    listener.begin(found.append)
    listener.catch_up(kept)
    assert found == unnumbered(whole)[len(unnumbered(kept)) :]
    assert len(found) == lost


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Make every notifier deliver by what fails."""
    delivery = Failing(99, again=False)

    def make(settings: AlertSettings, *, run: str, warn: Callable[[str], None]) -> Notifier:
        return Notifier([delivery], run=run, tell=settings.tell, warn=warn)

    monkeypatch.setattr(alert_listener, "make_notifier", make)
    return delivery


def test_a_failing_notification_becomes_a_warning_in_the_log_and_nothing_else(
    tmp_path: Path, failing: Failing
) -> None:
    noisy = listened(tmp_path / "log", falling_run().events)
    warnings = [event for event in noisy if isinstance(event, Warned)]
    alerts = unnumbered(noisy)
    assert {warning.message for warning in warnings} == {"alert not delivered, no luck"}
    assert len(warnings) == sum(isinstance(e, AlertEvent) and e.severity != "info" for e in alerts)
    rest = [event for event in noisy if not isinstance(event, Warned)]
    assert list(replay(rest, AlertSettings())) == alerts
