"""One event as one line of JSON, and back; lines that earlier versions wrote are read as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Union

import msgspec
import numpy as np

from goldzone.training.runs.events import EVENTS, Event
from goldzone.validation import nearest

__all__ = ["ADDED", "MOVED", "decode_line", "encode_line", "upgraded"]

MOVED: Final[dict[str, dict[str, str | None]]] = {
    "run_started": {"train_words": "train_examples", "dev_words": "dev_examples"},
    "sweep_finished": {
        "train_word_accuracy": "train_score",
        "dev_word_accuracy": "dev_score",
        "train_position_accuracy": "metrics.train_position_accuracy",
        "dev_phoneme_error": "metrics.dev_phoneme_error",
    },
    "run_finished": {"dev_word_accuracy": "dev_score"},
}
"""By event: where the value of a field of earlier versions belongs now.

The name of a field; ``"field.key"`` for an entry of a field that is a dictionary, where null is left out; or
None for what is no longer read.
"""
ADDED: Final[dict[str, dict[str, Any]]] = {}
"""By event: what a field has that earlier versions did not write. The defaults of its class need no entry."""


def encode_line(event: Event) -> bytes:
    """Return an event as its line; NumPy's numbers become plain ones, and what is not finite null.

    Raises
    ------
    ValueError, TypeError
        The line could not be read again: a field has a value of another type, or logs hold no such event.
    """
    line = _ENCODER.encode(event)
    _DECODER.decode(line)
    return msgspec.json.format(line, indent=0) + b"\n"


def decode_line(line: bytes) -> Event:
    """Return the event of a line.

    Raises
    ------
    ValueError, RecursionError
        The line is no event, of this version or an earlier one.
    """
    try:
        return _DECODER.decode(line)
    except ValueError:
        content = msgspec.json.decode(line, type=dict[str, Any])
    name = content.get("event")
    if not isinstance(name, str) or name not in EVENTS:
        near = nearest(str(name), list(EVENTS))
        raise ValueError(f"event {name!r} is unknown" + (f", did you mean {near!r}?" if near else ""))
    content = upgraded(content, MOVED.get(name, {}), ADDED.get(name, {}))
    return _DECODER.decode(_ENCODER.encode(content))


def upgraded(
    content: Mapping[str, Any], moved: Mapping[str, str | None], added: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields of an earlier version's line as this version has them.

    A field that the line holds under its new name too stays as it is, to be refused: that line is no earlier
    one.

    Parameters
    ----------
    content : dict
        The line.
    moved, added : dict
        Of its event, as in `MOVED` and `ADDED`.
    """
    found = dict(content)
    for before, now in moved.items():
        name, _, key = (now or "").partition(".")
        if before not in content or name in content:
            continue
        value = found.pop(before)
        if not key:
            found |= {name: value} if name else {}
        else:
            found.setdefault(name, {}).update({} if value is None else {key: value})
    return {**added, **found}


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} is no value of an event")


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_plain)
_DECODER: Final[msgspec.json.Decoder[Event]] = msgspec.json.Decoder(Union[tuple(EVENTS.values())])  # noqa: UP007
