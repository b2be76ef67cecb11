from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from goldzone.data.lexicon import Lexicon
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.model import G2PModel, read_model
from goldzone.hashtron.presets import context_committee
from goldzone.hashtron.weights import read_weights
from tests.cli.conftest import Goldzone, complaint
from tests.naive.decoding import naive_beam_search, naive_context, naive_listed
from tests.naive.graded import HIGHEST, naive_table_grade
from tests.naive.hashtron_filter import WORD
from tests.naive.hashtron_network import naive_bit, naive_run
from tests.naive.hashtron_weights import naive_read_weights
from tests.naive.paths import naive_key


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


def features_of_words(model: G2PModel, words: list[str]) -> list[list[int]]:
    """List what the templates read of every candidate at every letter, as these words are said."""
    decoder, rows = Decoder(model), []
    for word in words:
        symbols = decoder.encode(decoder.letters(word))
        ((_, chunks),) = naive_beam_search(model, symbols, 1)
        for position, symbol in enumerate(symbols):
            values = [
                naive_context(model, template, symbols, position, chunks[:position])
                for template in range(len(model.templates))
            ]
            rows += [
                [(value + naive_key(chunk)) & WORD for value in values]
                for chunk in naive_listed(model, symbol)
            ]
    return rows


@pytest.mark.parametrize(
    ("name", "n_inputs"),
    [
        ("out.json.zlib", 200),
        ("out.json.lzw", 50),
        pytest.param("out.json.zlib", 10_000, marks=pytest.mark.slow),
    ],
)
def test_the_naive_twin_reads_the_file_and_answers_as_the_graded_neurons_do(
    goldzone: Goldzone, run_folder: Path, slovak: Lexicon, name: str, n_inputs: int
) -> None:
    goldzone("export", run_folder, name)
    neurons = naive_read_weights(Path(name))
    model, _ = read_model(run_folder / "model" / "model.goldzone")
    committee = model.committee
    (salt, premodulo), *_ = committee.final.program
    assert neurons[-1].program[0] == (salt, premodulo)

    random = np.random.default_rng(1)
    inputs = features_of_words(model, [entry.word for entry in slovak.entries[: n_inputs // 100]])
    inputs = inputs[: n_inputs // 2]
    width = len(model.templates)
    inputs += random.integers(2**32, size=(n_inputs - len(inputs), width), dtype=np.uint32).tolist()
    words = []
    for row in inputs:
        run = naive_run(context_committee(280), neurons, [row[column] for column in committee.columns()])
        grades = [
            naive_table_grade(table, row[template])
            for template, table in zip(committee.template_of, committee.graded_tables, strict=True)
        ]
        assert [sum(run.bits[14 * j : 14 * j + 14]) - HIGHEST for j in range(20)] == grades
        assert run.word == naive_bit(committee.final, sum(grades) + 20 * HIGHEST)
        words.append(run.word)
    assert len(words) == n_inputs
    assert {*words} == {0, 1}
    features = np.array(inputs, dtype=np.uint32)[:, committee.columns()]
    assert read_weights(name, context_committee(280)).infer(features).tolist() == words
