"""Metrics over HTTP, for a Prometheus server to fetch: by default for this machine alone."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from goldzone.errors import ConfigError, GoldzoneError, StateError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["bound_server", "host_of", "is_loopback", "metrics_app", "metrics_server"]

_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_STATUS: Final = {
    200: "200 OK",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    503: "503 Service Unavailable",
}


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address is this machine's own, which nobody else reaches."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def metrics_app(text: Callable[[], bytes], token: str | None = None) -> Callable[..., Iterable[bytes]]:
    """Return a WSGI application that answers ``GET /metrics``.

    Parameters
    ----------
    text : callable
        The metrics in Prometheus' text format. What goldzone refuses in it becomes status 503 with the line.
    token : str, optional
        What clients have to send as ``Authorization: Bearer TOKEN``. Without one, only requests to a name or
        address of this machine's own are answered, so that no page of the web can have a browser ask.
    """

    def answer(environ: WSGIEnvironment) -> tuple[int, bytes]:
        if token is None and not is_loopback(host_of(environ.get("HTTP_HOST", ""))):
            return 403, b"ask for localhost, or give the server a token\n"
        given = environ.get("HTTP_AUTHORIZATION", "")
        if token is not None and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return 401, b"send the token: Authorization: Bearer TOKEN\n"
        if environ.get("PATH_INFO") != "/metrics":
            return 404, b"metrics are at /metrics\n"
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return 405, b"GET is all that can be done\n"
        try:
            return 200, text()
        except GoldzoneError as error:
            return 503, f"{error}\n".encode("utf-8", "backslashreplace")

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, body = answer(environ)
        start_response(_STATUS[status], [("Content-Type", _TYPE), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application


def metrics_server(
    text: Callable[[], bytes], port: int, *, host: str = "127.0.0.1", token: str | None = None
) -> WSGIServer:
    """Return a server that is bound to a port, 0 for any that is free; ``serve_forever`` starts it.

    Raises
    ------
    ConfigError
        The host is not this machine's own, and there is no token.
    StateError
        The port cannot be had.
    """
    return bound_server(metrics_app(text, token), host, port, token)


def bound_server(
    application: Callable[..., Iterable[bytes]],
    host: str,
    port: int,
    token: str | None,
    *,
    kind: type[WSGIServer] = WSGIServer,
) -> WSGIServer:
    """Bind an application to a port; errors are those of `metrics_server`."""
    if not is_loopback(host) and not token:
        raise ConfigError(f"{host}: others may reach it; give a token (--token), or leave out --host")
    try:
        return make_server(host, port, application, server_class=kind, handler_class=_Handler)
    except OSError as error:
        raise StateError(
            f"{host}:{port}: cannot be listened at ({error.strerror}); choose another --port"
        ) from None


class _Handler(WSGIRequestHandler):
    """Writes no log, and waits for no client for ever."""

    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in wsgiref
        """Say nothing."""


def host_of(header: str) -> str:
    """Return the name or address of a Host header, without the port."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.rpartition(":")[0] if header.count(":") == 1 else header
