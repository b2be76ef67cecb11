from __future__ import annotations

import pytest

from goldzone.fleet import peak_memory

MEGABYTES = 1_000_000


@pytest.mark.skipif(not peak_memory.begin_peak(), reason="the system tells no peak that can be begun anew")
def test_the_peak_is_that_since_its_beginning() -> None:
    large = bytearray(b"x" * (200 * MEGABYTES))
    before = peak_memory.peak_memory()
    del large
    peak_memory.begin_peak()
    after = peak_memory.peak_memory()
    assert before is not None
    assert after is not None
    assert before - after > 150 * MEGABYTES
