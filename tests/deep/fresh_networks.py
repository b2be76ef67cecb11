from __future__ import annotations

import numpy as np

from goldzone.hashtron.architecture import Architecture
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import Hashtron

__all__ = ["fresh_network"]


def fresh_network(architecture: Architecture, generator: np.random.Generator) -> Network:
    """A network of coin tosses: each neuron one row (random salt, 2), no filter."""
    salts = generator.integers(0, 2**32 - 1, size=architecture.n_neurons, dtype=np.uint32, endpoint=True)
    return Network(architecture, tuple(Hashtron(((int(salt), 2),)) for salt in salts))
