from __future__ import annotations

import json
import shutil
from pathlib import Path

from goldzone.g2p.model import read_model
from goldzone.hashtron.neuron import GradedTable
from tests.cli.conftest import Goldzone, complaint


def test_the_facts_of_a_run_are_numbers(goldzone: Goldzone, run_folder: Path) -> None:
    facts = json.loads(goldzone("inspect", run_folder, "--json").out)
    file = run_folder / "model" / "model.goldzone"
    model, digest = read_model(file)
    about = facts["model"]
    assert about["sha256"] == digest
    assert about["bytes"] == file.stat().st_size
    assert about["context_neurons"] == 20
    assert about["premodulo"] == [1024, 1024]
    assert about["cells"] == 20 * 1024
    assert about["cells_that_answer"] == sum(
        int((t.grades() != 0).sum()) for t in model.committee.tables if isinstance(t, GradedTable)
    )
    assert about["config"]["pipeline"]["sweeps"] == 2
    assert [sweep["sweep"] for sweep in facts["sweeps"]] == [1, 2]


def test_a_model_file_has_no_sweeps(goldzone: Goldzone, run_folder: Path) -> None:
    facts = json.loads(goldzone("inspect", run_folder / "model" / "model.goldzone", "--json").out)
    assert facts["sweeps"] == []
    assert "by sweep" not in goldzone("inspect", run_folder / "model" / "model.goldzone").out


def test_people_see_the_configuration_where_it_is_not_the_default(
    goldzone: Goldzone, run_folder: Path
) -> None:
    shutil.copytree(run_folder, "copy")
    screen = goldzone("inspect", "copy").out
    for line in ("network.neurons = 20", "pipeline.sweeps = 2", "capacity.premodulo = 1024"):
        assert line in screen
    assert "temperature" not in screen
    assert "│ sweep 1 │ train " in screen
    assert max(map(len, screen.splitlines())) <= 80


def test_what_cannot_be_inspected_is_one_line(goldzone: Goldzone, run_folder: Path) -> None:
    assert complaint(goldzone("inspect", "nothing")).startswith("nothing: cannot be read")
    Path("empty").mkdir()
    assert complaint(goldzone("inspect", "empty")).startswith("empty: is no run folder")
    shutil.copytree(run_folder, "copy")
    Path("copy/model/model.goldzone").unlink()
    assert complaint(goldzone("inspect", "copy")).startswith("copy: is an unfinished run")
    Path("file").write_text("no model")
    assert complaint(goldzone("inspect", "file")).startswith("file: ")
