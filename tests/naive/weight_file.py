"""The reference's weight file, read by what its format says."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

from tests.naive.hashtron_filter import naive_hash, naive_look_up


@dataclass
class NaiveHashtron:
    """Salts and maxima, and the filter that the last hash looks up in."""

    program: list[tuple[int, int]]
    filter: bytes

    def bit(self, feature: int) -> int:
        for salt, maximum in self.program:
            feature = naive_hash(feature, salt, maximum)
        return naive_look_up(self.filter, feature)


def naive_weights(path: Path) -> list[NaiveHashtron]:
    """Read all neurons: salts are XOR-ed with the one before, maxima after the first are differences."""
    found = []
    for row in json.loads(zlib.decompress(path.read_bytes())):
        hexadecimal = row.pop() if isinstance(row[-1], str) else ""
        salt, maximum, program = 0, 0, []
        for at, (given, number) in enumerate(row):
            salt ^= given
            maximum = number if at == 0 else maximum - number
            program.append((salt, maximum))
        found.append(NaiveHashtron(program, bytes.fromhex(hexadecimal)))
    return found
