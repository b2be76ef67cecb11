"""Alerts told to the outside: a webhook, a command, or both, from a thread of their own.

Whatever fails here is a line for the log and never an exception in training.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from typing import IO, Any, Final

from msgspec.structs import asdict

from goldzone.monitor.alert_settings import AlertSettings, is_web_address
from goldzone.training.runs.events import EVENTS, AlertEvent

__all__ = ["DeliveryError", "Notifier", "make_notifier", "post", "run_command"]

_ATTEMPTS: Final = 4
_FIRST_PAUSE_SECONDS: Final = 1.0
_QUEUED: Final = 64
_CLOSING_SECONDS: Final = 10.0
_LEVELS: Final = {"info": 0, "warning": 1, "critical": 2}
_NAMES: Final = {event_class: name for name, event_class in EVENTS.items()}

Delivery = Callable[[bytes], None]
"""Hands over one alert as JSON; raises `DeliveryError`."""


class DeliveryError(Exception):
    """An alert was not delivered; `again` says whether another try may help."""

    def __init__(self, message: str, *, again: bool) -> None:
        super().__init__(message)
        self.again = again


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Takes a redirection as an answer: following it would turn the POST into a GET, at another address."""

    def redirect_request(  # noqa: PLR0917 - the base class calls it by position
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


def post(body: bytes, *, url: str, timeout: float) -> None:
    """POST JSON to an http or https address, once.

    Raises
    ------
    DeliveryError
        For a refused connection, a time-out, or an answer that is not 2xx. The message leaves the address
        out: it may be secret.
    """
    if not is_web_address(url):
        raise DeliveryError("webhook: the address is not http or https; correct alerts.webhook", again=False)
    request = urllib.request.Request(  # noqa: S310 - http or https
        url, body, {"Content-Type": "application/json", "User-Agent": "goldzone"}, method="POST"
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout):
            pass
    except urllib.error.HTTPError as error:
        error.close()
        again = error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code == HTTPStatus.TOO_MANY_REQUESTS
        raise DeliveryError(f"webhook: answered {error.code}; check the address", again=again) from None
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise DeliveryError(
            f"webhook: {type(reason).__name__}; check the address and the network", again=True
        ) from None


def run_command(body: bytes, *, command: tuple[str, ...], timeout: float) -> None:
    """Run a program without a shell, with JSON on its standard input; what it prints is thrown away.

    Raises
    ------
    DeliveryError
        If it cannot be started, takes too long (it is then killed, with its children) or exits with another
        code than 0. There is no second try: the first may have done its work.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own program, and no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the training; and its children form a group with it
        )
    except (OSError, ValueError) as error:
        problem = f"cannot be run ({getattr(error, 'strerror', None) or error})"
    else:
        with process:
            try:
                process.communicate(body, timeout)
                problem = f"exited with {process.returncode}" if process.returncode else ""
            except subprocess.TimeoutExpired:
                problem = f"took longer than {timeout:g} s"
                _kill_group(process)
    if problem:
        raise DeliveryError(f"command {command[0]}: {problem}; check alerts.command", again=False)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads a session, and its children."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


class Notifier:
    """Delivers alerts in the background; `send` never waits and nothing here raises.

    Parameters
    ----------
    deliveries : iterable of Delivery
        Each gets every alert.
    run : str
        Name of the run, told with each alert.
    tell : {"info", "warning", "critical"}
        Least severity that is delivered.
    warn : callable
        Gets a line for each alert that was not delivered, in the thread that calls `poll`, `send` or `close`:
        an event log has one writer.
    pause : callable, optional
        Waits some seconds between two tries. By default waiting ends early when `close` gives up.
    capacity : int
        Alerts that may wait; more are dropped with a warning.
    """

    def __init__(
        self,
        deliveries: Iterable[Delivery],
        *,
        run: str,
        tell: str,
        warn: Callable[[str], None],
        pause: Callable[[float], object] | None = None,
        capacity: int = _QUEUED,
    ) -> None:
        self._deliveries = tuple(deliveries)
        self._run = run
        self._least = _LEVELS[tell]
        self._warn = warn
        self._given_up = threading.Event()
        self._pause = pause or self._given_up.wait
        self._waiting: queue.Queue[bytes | None] = queue.Queue(capacity)
        self._problems: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="goldzone-alerts", daemon=True)
        self._thread.start()

    def send(self, alert: AlertEvent) -> None:
        """Queue an alert if it is severe enough."""
        if _LEVELS[alert.severity] >= self._least and not self._given_up.is_set():
            content = {"event": _NAMES[type(alert)], "run": self._run, **asdict(alert)}
            del content["sequence"]  # the log's matter
            try:
                self._waiting.put_nowait(json.dumps(content).encode())
            except queue.Full:
                self._problems.put(f"alert {alert.rule} was not delivered: too many wait; raise alerts.tell")
        self.poll()

    def poll(self) -> None:
        """Hand on what went wrong since the last call."""
        while not self._problems.empty():
            self._warn(self._problems.get())

    def close(self, limit_seconds: float = _CLOSING_SECONDS) -> None:
        """Deliver what waits, for some seconds at most, and stop; closing again does nothing."""
        if not self._given_up.is_set():
            ends = time.monotonic() + limit_seconds
            try:
                self._waiting.put(None, timeout=limit_seconds)
                self._thread.join(max(0.0, ends - time.monotonic()))
            except queue.Full:
                pass
            self._given_up.set()
            if self._thread.is_alive():
                self._problems.put(
                    f"alerts were not all delivered within {limit_seconds:g} s; see alerts.timeout_seconds"
                )
        self.poll()

    def _work(self) -> None:
        while not self._given_up.is_set():
            body = self._waiting.get()
            if body is None:
                return
            for deliver in self._deliveries:
                self._deliver(deliver, body)

    def _deliver(self, deliver: Delivery, body: bytes) -> None:
        """Try with growing pauses between the tries."""
        for attempt in range(_ATTEMPTS):
            try:
                deliver(body)
            except DeliveryError as error:
                if not error.again or attempt == _ATTEMPTS - 1 or self._given_up.is_set():
                    self._problems.put(f"alert not delivered, {error}")
                    return
                self._pause(_FIRST_PAUSE_SECONDS * 2**attempt)
            else:
                return


def make_notifier(settings: AlertSettings, *, run: str, warn: Callable[[str], None]) -> Notifier | None:
    """Return what delivers alerts as the settings say, or None where they name nobody to tell.

    A webhook whose variable is not set is a warning, not an error: training matters more.
    """
    deliveries: list[Delivery] = []
    url = settings.webhook
    if url is not None and url.startswith("$"):
        variable, url = url[1:], os.environ.get(url[1:])
        if url is None or not is_web_address(url):
            warn(f"alerts.webhook: the variable {variable} holds no http or https address; set it")
            url = None
    if url is not None:
        deliveries.append(partial(post, url=url, timeout=settings.timeout_seconds))
    if settings.command:
        deliveries.append(partial(run_command, command=settings.command, timeout=settings.timeout_seconds))
    return Notifier(deliveries, run=run, tell=settings.tell, warn=warn) if deliveries else None
