"""Which words a run's model has met: a small file beside the model, for a fair evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import ModelFormatError
from goldzone.g2p.model import G2PModel
from goldzone.g2p.word_breaks import is_unspaced
from goldzone.storage.container import read_container, write_container

__all__ = ["keys_to_cut_by", "read_known_words", "write_known_words"]

_FILE: Final = "words.goldzone"
_KIND: Final = "known_words"
_KEYS: Final = "keys"


def write_known_words(model: Path, keys: NDArray[np.uint64]) -> None:
    """Write the keys of the words that a model has met (`goldzone.data.split.word_keys`) beside its file."""
    write_container(model.with_name(_FILE), {"kind": _KIND}, {_KEYS: keys.astype("<u8").tobytes()})


def keys_to_cut_by(path: Path, model: G2PModel) -> frozenset[int]:
    """Return the keys beside a model's file, where its script writes no blanks between words; else none."""
    keys = read_known_words(path) if any(map(is_unspaced, "".join(model.letters))) else None
    return frozenset() if keys is None else frozenset(keys.tolist())


def read_known_words(model: Path) -> NDArray[np.uint64] | None:
    """Read what was written beside a model file: uint64[n_words], sorted; None where there is nothing.

    Raises
    ------
    ModelFormatError
        The file is damaged or another one.
    """
    path = model.with_name(_FILE)
    if not path.is_file():
        return None
    container = read_container(path)
    data = container.members.get(_KEYS)
    if container.content.get("kind") != _KIND or data is None or len(data) % 8:
        raise ModelFormatError(f"{path}: does not hold the words of a model; delete it, or train again")
    return np.frombuffer(data, "<u8").astype(np.uint64)
