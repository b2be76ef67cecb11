from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from goldzone.g2p.model import read_model
from goldzone.hashtron.presets import context_committee
from goldzone.hashtron.weights import read_weights
from tests.cli.conftest import Goldzone, complaint


@pytest.mark.parametrize("name", ["out.json.zlib", "out.json.lzw"])
def test_the_weights_are_those_of_the_model(goldzone: Goldzone, run_folder: Path, name: str) -> None:
    finished = goldzone("export", run_folder, name)
    assert (finished.code, finished.err) == (0, "")
    assert finished.out == f"{name}: 281 neurons, {Path(name).stat().st_size:,} bytes\n"
    model, _ = read_model(run_folder / "model" / "model.goldzone")
    expected = model.committee.network()
    seen = np.random.default_rng(1).integers(2**32, size=(1000, 20), dtype=np.uint32)
    features = seen[:, model.committee.columns()]
    exported = read_weights(name, context_committee(280))
    assert (exported.infer(features) == expected.infer(features)).all()


def test_the_summary_for_scripts(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("export", run_folder / "model" / "model.goldzone", "out.json.zlib", "--json")
    assert json.loads(finished.out) == {
        "model": str(run_folder / "model" / "model.goldzone"),
        "file": "out.json.zlib",
        "neurons": 281,
        "bytes": Path("out.json.zlib").stat().st_size,
    }


def test_what_cannot_be_exported_is_one_line(goldzone: Goldzone, run_folder: Path) -> None:
    assert complaint(goldzone("export", "nothing", "out.json.zlib")).startswith("nothing: ")
    assert "end in .json.zlib" in complaint(goldzone("export", run_folder, "out.json"))
    line = complaint(goldzone("export", run_folder, "nowhere/out.json.zlib"))
    assert line.startswith("nowhere/out.json.zlib: cannot be written")
    # Arguments the wrong way round must not cost the model.
    assert complaint(goldzone("export", "out.json.zlib", run_folder)).startswith("out.json.zlib: ")
