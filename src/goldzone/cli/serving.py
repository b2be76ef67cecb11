"""What commands share that serve over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

__all__ = ["HostOption", "TokenOption", "serve"]

HostOption = Annotated[str, typer.Option(help="Address to serve at; one that others reach needs --token.")]
TokenOption = Annotated[
    str | None,
    typer.Option(
        envvar="GOLDZONE_TOKEN",
        help="What clients must send: Authorization: Bearer TOKEN, or ?token=TOKEN in the address.",
    ),
]


def serve(server: WSGIServer, what: str, host: str, path: str) -> None:
    """Say where a server is, and let it answer until it is interrupted."""
    with server:
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"{what} at http://{shown}:{server.server_port}{path}; Ctrl-C ends", err=True)
        server.serve_forever()
