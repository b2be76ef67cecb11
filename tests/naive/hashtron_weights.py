"""Weight files from their description: unpack, read as JSON, undo the differences."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from goldzone.hashtron.neuron import Hashtron
from tests.naive.hashtron_lzw import naive_lzw_decode


def naive_read_weights(path: Path) -> tuple[Hashtron, ...]:
    """Read all neurons of a file that ends in .zlib or .lzw."""
    data = path.read_bytes()
    text = zlib.decompress(data) if path.suffix == ".zlib" else naive_lzw_decode(data)
    neurons = []
    for entry in json.loads(text):
        rows = [row for row in entry if isinstance(row, list)]
        filters = [bytes.fromhex(part) for part in entry if isinstance(part, str)]
        program: list[tuple[int, int]] = []
        for salt, maximum in rows:
            salt_before, maximum_before = program[-1] if program else (0, 0)
            program.append((salt ^ salt_before, maximum_before - maximum if maximum_before else maximum))
        neurons.append(Hashtron(tuple(program), b"".join(filters)))
    return tuple(neurons)
