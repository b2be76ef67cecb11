from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldzone.data.candidates import CandidateTable
from goldzone.data.settings import LanguageSettings
from goldzone.data.sound_classes import no_classes
from goldzone.data.templates import parse_templates
from goldzone.errors import ModelFormatError
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.model import G2PModel, read_model, write_model
from goldzone.g2p.phonemizer import Phonemizer
from goldzone.g2p.task import TrainedModel
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.neuron import BitTable, Hashtron
from goldzone.storage.container import read_container, write_container
from goldzone.training.config import TrainingConfig
from tests.g2p.small_models import small_model

Content = dict[str, Any]

SMALL = replace(
    small_model(np.random.default_rng(5)),
    name="malá skúška",
    settings=LanguageSettings(lower=False, trim="'", stress_marks=("ˈ",), length_marks=()),
    about={"config": TrainingConfig(seed=7).model_dump(mode="json"), "note": [1, None, "ž"]},
    parted_marks="\u0301",
)


def same(a: G2PModel, b: G2PModel) -> bool:
    """Compare models field by field, arrays by value and type."""
    tables = all(
        np.array_equal(x, y) and x.dtype == y.dtype
        for x, y in (
            (a.candidates.offsets, b.candidates.offsets),
            (a.candidates.chunk, b.candidates.chunk),
            (a.candidates.count, b.candidates.count),
            (a.templates.atoms, b.templates.atoms),
            (a.templates.offsets, b.templates.offsets),
        )
    )
    plain = all(
        getattr(a, name) == getattr(b, name)
        for name in (
            *("name", "settings", "letters", "segments", "chunks", "committee", "temperature", "about"),
            *("parted_marks", "notation", "spread", "exceptions"),
        )
    )
    return tables and plain and a.templates.texts == b.templates.texts


@pytest.fixture(scope="module")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.goldzone"
    write_model(path, SMALL)
    return path


def test_a_small_model_comes_back_as_it_was(small_file: Path) -> None:
    assert same(read_model(small_file)[0], SMALL)


def test_a_trained_model_comes_back_as_it_was(model_file: Path, trained: TrainedModel) -> None:
    assert same(read_model(model_file)[0], trained.model)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_any_model_comes_back_as_it_was(tmp_path: Path, seed: int) -> None:
    model = small_model(np.random.default_rng(seed))
    digest = write_model(tmp_path / "model.goldzone", model)
    back, digest_read = read_model(tmp_path / "model.goldzone")
    assert same(back, model)
    assert digest_read == digest


def test_equal_models_have_equal_files_and_others_another_digest(tmp_path: Path, small_file: Path) -> None:
    digest = write_model(tmp_path / "again", small_model(np.random.default_rng(5)))
    assert write_model(tmp_path / "third", small_model(np.random.default_rng(5))) == digest
    assert (tmp_path / "again").read_bytes() == (tmp_path / "third").read_bytes()
    changed = replace(small_model(np.random.default_rng(5)), temperature=3.5)
    assert write_model(tmp_path / "other", changed) != digest
    assert read_model(small_file)[1] != digest


def test_the_digest_of_a_model_is_stable(tmp_path: Path) -> None:
    model = G2PModel(
        name="one letter",
        settings=LanguageSettings(),
        letters=("ž",),
        segments=("ʒ",),
        chunks=((), (0,)),
        candidates=CandidateTable(np.array([0, 2]), np.array([1, 0], np.int32), np.array([9, 2])),
        classes=no_classes(1, 1),
        templates=parse_templates(["L-1..1", "S1"]),
        committee=Committee(
            (0, 1),
            (BitTable(3, 9, b"\x0f\x01"), BitTable(5, 300, bytes(37) + b"\x08")),
            Hashtron(((7, 11),), b"\xe4\x01"),
        ),
        temperature=4.0,
        about={},
    )
    # Changes only with the format, which then needs another version number.
    digest = "3e9b082f853dc8e822a3d077234aa1cbee81acaea3560d8dea697d89afdb33dc"
    assert write_model(tmp_path / "m", model) == digest


def test_what_a_model_was_trained_with_is_known() -> None:
    config = TrainingConfig.model_validate(
        {"decoding": {"beam": 9}, "data": {"fractions": [0.5, 0.25, 0.25]}}
    )
    trained_with = replace(SMALL, about={"config": config.model_dump(mode="json")}).trained_with()
    assert (trained_with.decoding.beam, trained_with.data.fractions) == (9, (0.5, 0.25, 0.25))
    default = replace(SMALL, about={}).trained_with()
    assert (default.decoding.beam, default.data.fractions) == (4, (0.8, 0.1, 0.1))


def test_a_model_of_another_version_says_words_whatever_its_configuration(tmp_path: Path) -> None:
    earlier = {
        "seed": 1,
        "data": {"fractions": [0.6, 0.2, 0.2], "lower": True},
        "credit": {"kind": "rank", "evidence": [1.0, 1.0, 0.5, 0.5]},
        "pipeline": {"neuron_time_limit_seconds": 3.0},
        "capacity": {"controller": "annealed", "bounds": "samples", "exponent": 1.5},
        "decoding": {"beam": 2, "lanes": 3},
        "something": {"new": [1]},
    }
    write_model(tmp_path / "earlier", replace(SMALL, about={"config": earlier}))
    model, _ = read_model(tmp_path / "earlier")
    assert (model.trained_with().decoding.beam, model.trained_with().data.fractions) == (2, (0.6, 0.2, 0.2))
    assert Phonemizer(model)("ab") == Phonemizer(SMALL)("ab")


def rewritten(source: Path, target: Path, change: Callable[[Content, dict[str, bytes]], object]) -> Path:
    """Change what a model file says, and seal it again."""
    container = read_container(source)
    content, members = copy.deepcopy(container.content), dict(container.members)
    change(content, members)
    write_container(target, content, members)
    return target


def read_or_refusal(path: Path) -> G2PModel | str:
    """Return a file's model, or why it is refused."""
    try:
        return read_model(path)[0]
    except ModelFormatError as error:
        return str(error)


def put(value: Any, *keys: str | int) -> Callable[[Content, dict[str, bytes]], object]:
    """Set one value inside the content."""

    def change(content: Content, members: dict[str, bytes]) -> None:
        place: Any = content
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


def drop(field: str) -> Callable[[Content, dict[str, bytes]], object]:
    return lambda content, members: content.pop(field)


def extend(value: Any, *keys: str | int) -> Callable[[Content, dict[str, bytes]], object]:
    """Append to a list inside the content."""

    def change(content: Content, members: dict[str, bytes]) -> None:
        place: Any = content
        for key in keys:
            place = place[key]
        place.append(value)

    return change


CONTRADICTIONS = {
    "another kind": (put("homographs", "kind"), "manifest: kind: "),
    "another architecture": (put("windowed_committee", "architecture"), "manifest: architecture: "),
    "an unknown field": (put(1, "bogus"), "manifest: 'bogus' is no field"),
    "an unknown field of the neurons": (put([], "neurons", "bogus"), "manifest: 'neurons.bogus' is no field"),
    "no letters field": (drop("letters"), "manifest: letters is missing"),
    "no counts field": (drop("counts"), "manifest: counts is missing"),
    "no temperature": (drop("temperature"), "manifest: temperature is missing"),
    "a temperature of 0": (put(0.0, "temperature"), "manifest: temperature: "),
    "a temperature near 0": (put(1e-300, "temperature"), "manifest: temperature: "),
    "a negative temperature": (put(-1.0, "temperature"), "manifest: temperature: "),
    "a huge temperature": (put(1e300, "temperature"), "manifest: temperature: "),
    "a temperature as text": (put("4", "temperature"), "manifest: temperature: "),
    "settings as text": (put("x", "settings"), "manifest: settings: "),
    "lower as number": (put(1, "settings", "lower"), "manifest: settings.lower: "),
    "a letter twice": (put(["a", "a"], "letters"), "manifest: letters: names one twice"),
    "an empty letter": (put("", "letters", 0), "manifest: letters[0]: "),
    "a letter more than candidates": (
        extend("z", "letters"),
        "manifest: candidates: is not one list a letter",
    ),
    "a segment twice": (extend("x", "segments"), "manifest: segments: names one twice"),
    "an empty segment": (extend("", "segments"), "manifest: segments[3]: "),
    "a chunk twice": (extend([0], "chunks"), "manifest: chunks: names one twice"),
    "no empty chunk": (put([2], "chunks", 0), "manifest: chunks: "),
    "a segment that is not there": (
        extend([3], "chunks"),
        "manifest: chunks: names a segment that is not there",
    ),
    "a negative segment": (extend([-1], "chunks"), "manifest: chunks[6][0]: "),
    "a very long chunk": (extend([0] * 256, "chunks"), "manifest: chunks[6]: "),
    "a letter without candidates": (put([], "candidates", 0), "manifest: candidates[0]: "),
    "a chunk that is not there": (put([6], "candidates", 0), "manifest: candidates: names a chunk"),
    "a candidate twice": (put([0, 0], "candidates", 0), "manifest: candidates: names a chunk twice"),
    "a fraction as candidate": (put([0.5], "candidates", 0), "manifest: candidates[0][0]: "),
    "a count too many": (extend(1, "counts", 0), "manifest: counts: does not match"),
    "a letter's counts too many": (extend([1], "counts"), "manifest: counts: does not match"),
    "a count beyond 64 bits": (put(1 << 70, "counts", 0, 0), "manifest: counts[0][0]: "),
    "a negative count": (put(-1, "counts", 0, 0), "manifest: counts[0][0]: "),
    "no template": (put([], "templates"), "manifest: neurons.template: "),
    "an unknown template": (put("L0 bogus", "templates", 0), "manifest: templates[0]: "),
    "a template that is not there": (put(9, "neurons", "template", 0), "manifest: neurons.template: "),
    "a neuron without salt": (
        lambda content, members: content["neurons"]["salt"].pop(),
        "manifest: neurons: has lists of unequal length",
    ),
    "a neuron without template": (
        lambda content, members: content["neurons"]["template"].pop(),
        "manifest: neurons: has lists of unequal length",
    ),
    "no neurons": (
        put({"template": [], "salt": [], "premodulo": []}, "neurons"),
        "manifest: neurons.template: ",
    ),
    "too many neurons": (
        put({"template": [0] * 65_536, "salt": [0] * 65_536, "premodulo": [2] * 65_536}, "neurons"),
        "manifest: neurons.template: ",
    ),
    "a salt beyond 32 bits": (put(1 << 32, "neurons", "salt", 0), "manifest: neurons.salt[0]: "),
    "a truth value as salt": (put(True, "neurons", "salt", 0), "manifest: neurons.salt[0]: "),
    "a premodulo of 1": (put(1, "neurons", "premodulo", 0), "manifest: neurons.premodulo[0]: "),
    "an enormous premodulo": (put((1 << 32) - 1, "neurons", "premodulo", 0), "cells are declared"),
    "smaller tables than ones": (
        lambda content, members: members.update({"tables.gaps": b"\x7f" * 9}),
        "a one lies beyond the last",
    ),
    "half a number in the tables": (
        lambda content, members: members.update({"tables.gaps": b"\x80"}),
        "ends inside a number",
    ),
    "no tables": (lambda content, members: members.clear(), "members are"),
    "another member": (lambda content, members: members.update(more=b""), "members are"),
    "a final neuron that is not hex": (put("xy", "final", "filter"), "manifest: final: "),
    "a final row of three": (put([[1, 2, 3]], "final", "program"), "manifest: final.program[0]: "),
    "a final row beyond 32 bits": (
        put([[1 << 32, 2]], "final", "program"),
        "manifest: final.program[0][0]: ",
    ),
    "about as a list": (put([], "about"), "manifest: about: "),
    "a configuration as text": (
        put("default", "about", "config"),
        "manifest: about.config: 'default' should be a table",
    ),
    "a beam of 0": (
        put(0, "about", "config", "decoding", "beam"),
        "manifest: about.config: decoding.beam: 0 should be",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_file_that_contradicts_itself_is_refused_in_one_line(
    small_file: Path, tmp_path: Path, name: str
) -> None:
    change, complaint = CONTRADICTIONS[name]
    path = rewritten(small_file, tmp_path / "changed.goldzone", change)
    with pytest.raises(ModelFormatError) as error:
        read_model(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert complaint in message
    assert "\n" not in message


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List the keys to every value inside a JSON value."""
    inside: list[tuple[str | int, Any]] = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    )
    found: list[tuple[str | int, ...]] = []
    for key, inner in inside:
        found.append((*above, key))
        if isinstance(inner, dict | list):
            found += places(inner, (*above, key))
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=json_values | st.integers(0, 9))
def test_whatever_a_manifest_says_it_is_refused_or_runs(
    small_file: Path, tmp_path: Path, data: st.DataObject, value: Any
) -> None:
    keys = data.draw(st.sampled_from(places(read_container(small_file).content)))
    path = tmp_path / "changed.goldzone"
    try:
        rewritten(small_file, path, put(value, *keys))
    except ModelFormatError:
        return  # lone surrogates cannot be stored
    model = read_or_refusal(path)
    if isinstance(model, str):
        assert model.startswith(f"{path}: ")
        assert "\n" not in model
    else:
        assert Decoder(model).decode([["a", "b", "?"]], beam=2)


def test_a_thousand_corruptions_are_refused_or_harmless(small_file: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(9)
    intact = small_file.read_bytes()
    path = tmp_path / "damaged.goldzone"
    refused = 0
    for _ in range(1000):
        damaged = bytearray(intact)
        start, stop = sorted(random.integers(len(intact) + 1, size=2).tolist())
        match random.integers(4):
            case 0:  # one bit
                damaged[random.integers(len(intact))] ^= 1 << random.integers(8)
            case 1:  # a few bytes
                stop = min(stop, start + 8)
                damaged[start:stop] = random.bytes(stop - start)
            case 2:  # cut off
                del damaged[stop:]
            case 3:  # something lost or doubled in the middle
                damaged[start:stop] = damaged[start:stop] * int(random.choice([0, 2]))
        path.write_bytes(damaged)
        model = read_or_refusal(path)
        if isinstance(model, str):
            refused += 1
            assert model.startswith(f"{path}: ")
            assert "\n" not in model
        else:
            assert same(model, SMALL)
    assert refused > 900


@pytest.mark.parametrize("content", [b"", b"PK", b"word\tpronunciation\n"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ModelFormatError, match=str(path)):
        read_model(path)


def test_a_network_of_samples_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_container(path, {"kind": "network"}, {"neurons": b""})
    with pytest.raises(ModelFormatError) as error:
        read_model(path)
    assert str(error.value) == (
        f"{path}: manifest: kind: 'network' is no phonemizer; give a model that was trained on words"
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match="nowhere: cannot be read"):
        read_model(tmp_path / "nowhere")
