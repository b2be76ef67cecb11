"""Serving over HTTP: by default for this machine alone, and never for pages of the web."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Iterable, Sequence
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from goldzone.errors import ConfigError, StateError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["COOKIE", "Application", "bound_server", "is_loopback", "refusal", "respond"]

COOKIE: Final = "goldzone"
"""Name of the cookie that may carry the token."""
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}

Application = Callable[..., Iterable[bytes]]
"""Of WSGI."""


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address is this machine's own, which nobody else reaches."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refusal(environ: WSGIEnvironment, token: str | None) -> tuple[int, str] | None:
    """Say why a request is not answered; None if it is.

    Parameters
    ----------
    environ : mapping
        The request.
    token : str, optional
        What clients have to send: as ``Authorization: Bearer TOKEN``, as a cookie, or as ``?token=TOKEN``.
        Without one, only requests to a name or address of this machine's own are answered, so that no page of
        the web can have a browser ask.

    Returns
    -------
    (int, str) or None
        Status and line.
    """
    host = str(environ.get("HTTP_HOST", ""))
    if token is None and not is_loopback(_host_of(host)):
        return 403, "ask for localhost, or give the server a token"
    origin = environ.get("HTTP_ORIGIN")
    if origin and urlsplit(str(origin)).netloc != host:
        return 403, "pages of another origin may not ask"
    if token is not None and not _has_token(environ, token):
        return 401, "open the address with ?token=TOKEN, or send Authorization: Bearer TOKEN"
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return 405, "GET is all that can be done"
    return None


def respond(
    environ: WSGIEnvironment,
    start_response: StartResponse,
    status: int,
    body: bytes,
    headers: Sequence[tuple[str, str]],
) -> Iterable[bytes]:
    """Send an answer; without its body where the head alone is asked for."""
    start_response(f"{status} {_REASONS[status]}", [*headers, ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def bound_server(
    application: Application,
    host: str,
    port: int,
    token: str | None,
    *,
    kind: type[WSGIServer] = WSGIServer,
) -> WSGIServer:
    """Bind an application to a port, 0 for any that is free; ``serve_forever`` starts it.

    Raises
    ------
    ConfigError
        The host is not this machine's own, and there is no token.
    StateError
        The port cannot be had.
    """
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


def _has_token(environ: WSGIEnvironment, token: str) -> bool:
    scheme, _, sent = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    cookie = SimpleCookie(str(environ.get("HTTP_COOKIE", ""))).get(COOKIE)
    given = [
        sent if scheme == "Bearer" else "",
        cookie.value if cookie else "",
        *parse_qs(str(environ.get("QUERY_STRING", ""))).get("token", []),
    ]
    return any(hmac.compare_digest(each.encode(), token.encode()) for each in given)


def _host_of(header: str) -> str:
    """Return the name or address of a Host header, without the port."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.rpartition(":")[0] if header.count(":") == 1 else header
