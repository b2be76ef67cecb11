"""The dashboard's server: pages and JSON over HTTP, by default for this machine alone.

It reads run folders and nothing else. Nothing is served but the package's own files and what the given runs
tell; names come as JSON and are shown as text. A page of the web cannot ask: the Host must be this machine's
own (or a token is sent), and a foreign Origin is refused.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIServer

from goldzone.errors import GoldzoneError, StateError
from goldzone.monitor.dashboard.views import neuron_view, run_id, run_view, runs_view
from goldzone.monitor.live import LiveRun
from goldzone.monitor.live_runs import LiveRuns, SeenRun
from goldzone.monitor.metrics_server import METRICS_TYPE
from goldzone.monitor.serving import COOKIE, bound_server, refusal, respond

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["Answer", "Dashboard", "dashboard_server"]

_FILES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/dashboard.js": ("dashboard.js", "text/javascript; charset=utf-8"),
    "/charts.js": ("charts.js", "text/javascript; charset=utf-8"),
    "/dashboard.css": ("dashboard.css", "text/css; charset=utf-8"),
}
_HEADERS: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)
_FRESH: Final = 0.5
"""Seconds for which what was read serves all who ask."""
_FIND: Final = 5.0
"""Seconds between two searches for new runs."""
_MOST_TEXT: Final = 1000
_OPEN: Final = 10
"""Runs whose events are kept in memory: as many as are compared."""

Answer = tuple[int, str, bytes]
"""Status, type, and body."""


class Dashboard:
    """A WSGI application.

    Parameters
    ----------
    paths : iterable of path
        Run folders, or folders with runs in them.
    say : callable
        Says a text with the model of a run folder; what goldzone refuses is shown.
    metrics : callable, optional
        Gives ``/metrics``.
    token : str, optional
        What clients must send, as in `goldzone.monitor.serving.refusal`; once is enough for a browser.
    clock : callable
        Seconds since 1970.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        say: Callable[[Path, str], str],
        *,
        metrics: Callable[[], bytes] | None = None,
        token: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._runs = LiveRuns(paths)
        self._say = say
        self._metrics = metrics
        self._token = token
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[SeenRun, ...] = ()
        self._looked = self._found = 0.0
        self._whole: OrderedDict[Path, LiveRun] = OrderedDict()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        headers = list(_HEADERS)
        refused = refusal(environ, self._token)
        if refused is not None:
            status, kind, body = _text(*refused)
        else:
            status, kind, body = self._answer(environ)
            query = parse_qs(str(environ.get("QUERY_STRING", "")))
            if self._token is not None and "token" in query:
                headers.append(("Set-Cookie", f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/"))
        return respond(environ, start_response, status, body, [("Content-Type", kind), *headers])

    def look(self) -> tuple[SeenRun, ...]:
        """Read all runs on, unless that was done just now; one at a time."""
        with self._lock:
            now = self._clock()
            if now - self._looked >= _FRESH:
                find = now - self._found >= _FIND
                self._seen = self._runs.look(now, find=find)
                self._looked, self._found = now, now if find else self._found
            return self._seen

    def _opened(self, run: SeenRun) -> LiveRun | None:
        """Return a run with all its events, of which `look` keeps a glance alone; a few are kept open."""
        try:
            live = self._whole.pop(run.path, None) or LiveRun(run.path)
            live.poll()
        except GoldzoneError:
            return None  # `look` tells why
        self._whole[run.path] = live
        if len(self._whole) > _OPEN:
            self._whole.popitem(last=False)
        return live

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        path = str(environ.get("PATH_INFO", "/"))
        if path in _FILES:
            name, kind = _FILES[path]
            return 200, kind, (resources.files("goldzone.monitor.dashboard") / "static" / name).read_bytes()
        try:
            if path == "/metrics" and self._metrics is not None:
                return 200, METRICS_TYPE, self._metrics()
            if path == "/api/runs":
                return _json(runs_view(self.look()))
            return self._of_run(path, parse_qs(str(environ.get("QUERY_STRING", ""))))
        except GoldzoneError as error:
            return _json({"problem": str(error)}, 400)

    def _of_run(self, path: str, query: Mapping[str, list[str]]) -> Answer:
        """Answer ``/api/runs/ID``, ``.../say?text=`` and ``.../neurons/LAYER/POSITION``."""
        parts = path.strip("/").split("/")
        found = None
        if parts[:2] == ["api", "runs"] and len(parts) > 2:
            found = next((run for run in self.look() if run_id(run.path) == parts[2]), None)
        if found is None:
            return _json({"problem": "there is no such run; it may have been deleted"}, 404)
        match parts[3:]:
            case []:
                with self._lock:
                    return _json(run_view(found, self._opened(found)))
            case ["say"]:
                text = query.get("text", [""])[0][:_MOST_TEXT]
                return _json({"text": text, "said": self._say(found.path, text)})
            case ["neurons", layer, position] if layer.isdecimal() and position.isdecimal():
                with self._lock:
                    live = self._opened(found)
                    history = live.history if live else None
                    if history is None:
                        raise StateError(f"{found.path}: nothing was trained yet")
                    return _json(neuron_view(history, int(layer), int(position)))
        return _json({"problem": "there is nothing at this address"}, 404)


def _json(value: Any, status: int = 200) -> Answer:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return status, "application/json", text.encode()


def _text(status: int, line: str) -> Answer:
    return status, "text/plain; charset=utf-8", f"{line}\n".encode()


class _Server(ThreadingMixIn, WSGIServer):
    """Answers several browsers at a time."""

    daemon_threads = True


def dashboard_server(dashboard: Dashboard, host: str, port: int, token: str | None) -> WSGIServer:
    """Return a server; ports and errors are those of `goldzone.monitor.serving.bound_server`."""
    return bound_server(dashboard, host, port, token, kind=_Server)
