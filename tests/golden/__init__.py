"""The golden vectors (see README.md) as Python values."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import Hashtron
from goldzone.hashtron.presets import PRESETS

__all__ = ["GOLDEN", "NETWORKS", "golden_inputs", "golden_network", "read_golden"]

GOLDEN = Path(__file__).parent
NETWORKS = ("ulevel", "squareroot", "isvirus", "mnist")


@cache
def read_golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@cache
def golden_network(name: str) -> Network:
    """One of `NETWORKS`, from its JSON (not from its weight file)."""
    neurons = (
        Hashtron(tuple((salt, maximum) for salt, maximum in entry["program"]), bytes.fromhex(entry["filter"]))
        for entry in read_golden(f"net_{name}")["hashtrons"]
    )
    return Network(PRESETS[name](), tuple(neurons))


@cache
def golden_inputs(name: str) -> NDArray[np.uint32]:
    """All inputs of a network, uint32[n_samples, n_inputs]; lists of one are repeated."""
    width = PRESETS[name]().n_inputs
    rows = read_golden(f"net_{name}")["inputs"]
    return np.array([row if len(row) == width else row * width for row in rows], dtype=np.uint32)
