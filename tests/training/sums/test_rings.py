from __future__ import annotations

import numpy as np
import pytest

from goldzone.training.sums import rings
from tests.training.sums.small_caches import new_cache, record_of


def test_when_the_serials_run_out_the_order_of_the_records_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "_SERIALS", 10)
    cache = new_cache(depth=2)
    expected: list[tuple[tuple[int, int], int]] = []
    for sweep in range(40):
        place = (1, sweep % 3) if sweep % 4 else (2, 0)
        cache.append(record_of(*place, sweep=sweep))
        if sweep % 7 == 0:
            cache.append_batch([record_of(3, 0, sweep=sweep)] * 2)
            expected = [old for old in expected if old[0] != (3, 0)] + [((3, 0), sweep)] * 2
        own = [old for old in expected if old[0] == place]
        expected = [old for old in expected if old[0] != place or old in own[-1:]] + [(place, sweep)]
        # The batch came after the record of this sweep.
        if sweep % 7 == 0:
            expected = [old for old in expected if old[0] != (3, 0)] + [((3, 0), sweep)] * 2
        columns = cache.columns()
        places = zip(columns["layer"].tolist(), columns["position"].tolist(), strict=True)
        assert list(zip(places, columns["sweep"].tolist(), strict=True)) == expected


def test_ranks_are_places_in_the_sorted_order() -> None:
    assert rings.ranks(np.array([30, 10, 20])).tolist() == [2, 0, 1]
