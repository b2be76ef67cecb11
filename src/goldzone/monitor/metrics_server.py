"""Metrics over HTTP, for a Prometheus server to fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIServer

from goldzone.errors import GoldzoneError
from goldzone.monitor.serving import Application, bound_server, refusal, respond

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["METRICS_TYPE", "metrics_app", "metrics_server"]

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format."""


def metrics_app(text: Callable[[], bytes], token: str | None = None) -> Application:
    """Return a WSGI application that answers ``GET /metrics``.

    Parameters
    ----------
    text : callable
        The metrics in Prometheus' text format. What goldzone refuses in it becomes status 503 with the line.
    token : str, optional
        As in `goldzone.monitor.serving.refusal`.
    """

    def answer(environ: WSGIEnvironment) -> tuple[int, bytes]:
        refused = refusal(environ, token)
        if refused is not None:
            return refused[0], f"{refused[1]}\n".encode()
        if environ.get("PATH_INFO") != "/metrics":
            return 404, b"metrics are at /metrics\n"
        try:
            return 200, text()
        except GoldzoneError as error:
            return 503, f"{error}\n".encode("utf-8", "backslashreplace")

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, body = answer(environ)
        return respond(environ, start_response, status, body, [("Content-Type", METRICS_TYPE)])

    return application


def metrics_server(
    text: Callable[[], bytes], port: int, *, host: str = "127.0.0.1", token: str | None = None
) -> WSGIServer:
    """Return a server of metrics; ports and errors are those of `goldzone.monitor.serving.bound_server`."""
    return bound_server(metrics_app(text, token), host, port, token)
