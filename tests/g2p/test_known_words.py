from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from goldzone.g2p.known_words import keys_to_cut_by, write_known_words
from tests.g2p.small_models import small_model


def test_keys_are_read_where_a_script_writes_no_blanks(tmp_path: Path) -> None:
    model = small_model(np.random.default_rng(0))
    write_known_words(tmp_path / "model.goldzone", np.array([3, 5], dtype=np.uint64))
    spaced = replace(model, letters=("o\u0303", "ch", *model.letters[2:]))  # letters of several characters
    unspaced = replace(model, letters=("ก\u0e49", *model.letters[1:]))
    assert keys_to_cut_by(tmp_path / "model.goldzone", spaced) == frozenset()
    assert keys_to_cut_by(tmp_path / "model.goldzone", unspaced) == {3, 5}
