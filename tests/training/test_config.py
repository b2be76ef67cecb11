from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from goldzone.data.templates import DEFAULT_TEMPLATES
from goldzone.errors import ConfigError
from goldzone.training.config import TrainingConfig, config_from_toml, load_config
from goldzone.training.settings import (
    CapacitySettings,
    CreditSettings,
    DataSettings,
    DecodingSettings,
    NetworkSettings,
    PipelineSettings,
    SelectionSettings,
)


def positive(limit: float | None = None) -> st.SearchStrategy[float]:
    return st.floats(0, limit, exclude_min=True, allow_nan=False, allow_infinity=False)


def at_least(least: float) -> st.SearchStrategy[float]:
    return st.floats(least, allow_nan=False, allow_infinity=False)


templates = st.lists(st.sampled_from(DEFAULT_TEMPLATES), unique=True, max_size=5).map(
    lambda texts: tuple(text.replace(" ", "\t\n") for text in texts)
)


@st.composite
def capacities(draw: st.DrawFn) -> CapacitySettings:
    floor, premodulo, ceiling = sorted(draw(st.tuples(*[st.integers(2, 2**24)] * 3)))
    return CapacitySettings(
        controller=draw(st.sampled_from(["constant", "law", "reference", "none", "validated"])),
        premodulo=premodulo,
        signal=draw(st.sampled_from(["answers", "balance", "agreement"])),
        noise_floor=draw(st.none() | at_least(0)),
        collapse=draw(positive(1)),
        floor=floor,
        ceiling=ceiling,
        max_factor=draw(at_least(1)),
        fine_tune=draw(st.floats(0, 1, exclude_max=True)),
        smoothing=draw(st.integers(1, 32)),
        decay=draw(positive(1)),
        aggressiveness=draw(positive(1)),
        oscillation_window=draw(st.just(0) | st.integers(4, 32)),
        max_change=draw(st.none() | positive(1)),
    )


configs = st.builds(
    TrainingConfig,
    seed=st.integers(0, 2**32 - 1),
    data=st.builds(
        DataSettings,
        max_candidates=st.integers(1, 255),
        min_count=st.integers(1, 10**30),
        min_share=st.floats(0, 1),
        fractions=st.sampled_from(
            [(0.8, 0.1, 0.1), (1.0, 0.0, 0.0), (1 / 3, 1 / 3, 1 / 3), (1e-10, 1.0, 0.0)]
        ),
    ),
    network=st.builds(NetworkSettings, neurons=st.integers(1, 64), templates=templates),
    credit=st.builds(
        CreditSettings,
        kind=st.sampled_from(["rank", "margin", "hard"]),
        temperature=st.floats(0.1, 10_000),
        vote_threshold=st.lists(st.floats(0, 1e6), min_size=1, max_size=4).map(tuple),
    ),
    pipeline=st.builds(
        PipelineSettings,
        sweeps=st.integers(1, 1000),
        patience=st.integers(1, 10**9),
        time_limit_seconds=st.none() | positive(),
        neurons_per_sweep=positive(1),
    ),
    capacity=capacities(),
    selection=st.builds(SelectionSettings, strategy=st.sampled_from(["gold_zone", "fixed", "random"])),
    decoding=st.builds(DecodingSettings, beam=st.integers(1, 64)),
)


@given(configs)
def test_what_is_written_is_read(config: TrainingConfig) -> None:
    assert config_from_toml(config.to_toml(), "config") == config


def test_an_empty_file_is_a_configuration() -> None:
    assert config_from_toml("", "empty") == TrainingConfig()


def test_what_training_does_not_read_is_passed_over() -> None:
    assert config_from_toml("seed = 3\n[alerts]\ntell = 'info'", "run.toml") == TrainingConfig(seed=3)


EARLIER = """
[credit]
evidence = [2.0]
[pipeline]
attempts = 5
[capacity]
bounds = "absolute"
floor_share = 0.0
ceiling_share = 1.0
exponent = 2.0
oscillation_factor = 1.25
step = 0.5
tolerance = 0.005
[selection]
pair_correlation = -0.1
"""


def test_fields_of_earlier_versions_are_read_where_they_say_what_holds_now() -> None:
    config = config_from_toml(EARLIER, "earlier.toml")
    assert config.credit.vote_threshold == (2.0,)
    assert (
        config.to_toml()
        == config_from_toml("[pipeline]\nattempts = 5\n[credit]\nvote_threshold = 2", "").to_toml()
    )
    fields = TrainingConfig().model_dump()
    fields["pipeline"]["neuron_time_limit_seconds"] = None  # as JSON has it
    assert TrainingConfig.model_validate(fields) == TrainingConfig()


def test_an_integer_will_do_for_a_number() -> None:
    config = config_from_toml("[credit]\nvote_threshold = 2\n[data]\nfractions = [1, 0, 0]", "config")
    assert config.credit.vote_threshold == (2.0,)
    assert config.data.fractions == (1.0, 0.0, 0.0)


def test_the_digest_tells_configurations_apart() -> None:
    config = TrainingConfig()
    assert config.digest() == config_from_toml(config.to_toml(), "config").digest()
    assert config.digest() != config.model_copy(update={"seed": 2}).digest()


def test_a_configuration_cannot_be_changed() -> None:
    config = TrainingConfig()
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 2
    with pytest.raises(ValidationError, match="frozen"):
        config.capacity.floor = 2


@pytest.mark.parametrize(
    ("controller", "field"),
    [
        ("constant", "premodulo"),
        ("validated", "premodulo"),
        ("law", "ceiling"),
        ("reference", "ceiling"),
        ("none", None),  # takes no more than fits
    ],
)
def test_the_most_cells_that_a_controller_may_reach_fit_a_model(controller: str, field: str | None) -> None:
    def config(**limits: int) -> TrainingConfig:
        capacity = {"controller": controller, "premodulo": 100} | limits
        return TrainingConfig.model_validate({"network": {"neurons": 1 << 13}, "capacity": capacity})

    for name in ("premodulo", "ceiling"):
        limits = {"ceiling": 1 << 24, name: 1 << 17}  # 2**13 neurons of 2**17 cells: 2**30
        if field == name:
            config(**limits)
            limits[name] += 1
            with pytest.raises(ValidationError, match=f"capacity.{name}: 8192 neurons may reach 1073750016"):
                config(**limits)
        elif field != "ceiling":
            config(**limits)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed = '1'", "seed: '1' should be a valid integer"),
        ("seed = true", "seed: True should be a valid integer"),
        ("seed = 4294967296", "seed: 4294967296 should be less than 4294967296"),
        ("sed = 1", "'sed' is no field; did you mean seed?"),
        ("epochs = 1", "'epochs' is no field; the fields are seed, data, network, credit, beam, pipeline,"),
        ("neurons = 3", "'neurons' is no field; did you mean network.neurons?"),
        ("[netwerk]", "'netwerk' is no field; did you mean network?"),
        ("[capacity]\ncieling = 3", "'capacity.cieling' is no field; did you mean capacity.ceiling?"),
        ("[capacity]\nbeam = 3", "'capacity.beam' is no field; did you mean beam?"),
        ("[decoding]\nxyz = 3", "'decoding.xyz' is no field; the fields of decoding are beam"),
        ("data = 3", "data: 3 should be a table of fields"),
        ("[data]\nfractions = [0.5, 0.1, 0.1]", "data.fractions: [0.5, 0.1, 0.1] add up to 0.7; make it 1"),
        ("[data]\nfractions = [0.5, 0.5]", "data.fractions[2] is missing"),
        ("[data]\nfractions = [0.5, 0.5, 0, 0]", "data.fractions: (0.5, 0.5, 0, 0) has too many items"),
        ("[data]\nfractions = [0, 1, 0]", "data.fractions[0]: 0 should be greater than 0"),
        ("[data]\nfractions = [2, -1, 0]", "data.fractions[1]: -1 should be greater than or equal to 0"),
        ("[data]\nmax_candidates = 256", "data.max_candidates: 256 should be less than or equal to 255"),
        (
            "[network]\nneurons = 65535\n[capacity]\npremodulo = 65536",
            "capacity.premodulo: 65535 neurons may reach 4294901760 cells; a model holds 1073741824",
        ),
        (
            "[network]\nneurons = 8192\n[capacity]\ncontroller = 'law'",
            "capacity.ceiling: 8192 neurons may reach 2147483648 cells; a model holds 1073741824",
        ),
        ("[network]\nneurons = 0", "network.neurons: 0 should be greater than or equal to 1"),
        ("[network]\ntemplates = 'L0'", "network.templates: 'L0' should be a list"),
        ("[network]\ntemplates = ['L0', 'Q']", "network.templates[1]: 'Q' in 'Q' is no atom"),
        ("[credit]\nkind = 'rnak'", "credit.kind: 'rnak' should be 'beam', 'rank', 'margin' or 'hard'"),
        ("[credit]\ntemperature = 0.0", "credit.temperature: 0.0 should be greater than or equal to 0.1"),
        ("[credit]\nvote_threshold = nan", "credit.vote_threshold[0]: nan should be a finite number"),
        (
            "[pipeline]\ntime_limit_seconds = inf",
            "pipeline.time_limit_seconds: inf should be a finite number",
        ),
        (
            "[pipeline]\nneurons_per_sweep = 1.1",
            "pipeline.neurons_per_sweep: 1.1 should be less than or equal",
        ),
        (
            "[pipeline]\nsweeps = 0\npatience = 0",
            "pipeline.sweeps: 0 should be greater than or equal to 1 (and 1",
        ),
        ("[capacity]\nfloor = 300000", "capacity.floor: 300000 is above the ceiling 262144; lower it"),
        ("[capacity]\npremodulo = 8", "capacity.premodulo: 8 is below the floor 16; lower the floor"),
        (
            "[capacity]\npremodulo = 300000",
            "capacity.premodulo: 300000 is above the ceiling 262144; raise the",
        ),
        (
            "[capacity]\nceiling = 16777217",
            "capacity.ceiling: 16777217 should be less than or equal to 16777216",
        ),
        (
            "[capacity]\noscillation_window = 3",
            "capacity.oscillation_window: 3 are too few records to turn twice; give 4 or more, or 0 for off",
        ),
        (
            "[capacity]\noscillation_window = 33",
            "capacity.oscillation_window: 33 should be less than or equal to 32",
        ),
        ("[capacity]\nexponent = 1.5", "capacity.exponent: is gone, 2.0 always holds; leave it out"),
        (
            "[pipeline]\nneuron_time_limit_seconds = 3.0",
            "pipeline.neuron_time_limit_seconds: is gone; leave it out",
        ),
        (
            "[capacity]\ncontroller = 'lwa'",
            "capacity.controller: 'lwa' should be 'constant', 'law', 'reference', 'none' or",
        ),
        ("[capacity]\ndecay = 0.0", "capacity.decay: 0.0 should be greater than 0"),
        ("[capacity]\ndecay = 1.5", "capacity.decay: 1.5 should be less than or equal to 1"),
        ("[capacity]\naggressiveness = 0.0", "capacity.aggressiveness: 0.0 should be greater than 0"),
        ("[capacity]\nmax_change = 0.0", "capacity.max_change: 0.0 should be greater than 0"),
        ("[capacity]\nfine_tune = 1.0", "capacity.fine_tune: 1.0 should be less than 1"),
        ("[pipeline]\ntolerance = -0.5", "pipeline.tolerance: -0.5 should be greater than or equal to 0"),
        ("[capacity]\nmax_factor = 0.5", "capacity.max_factor: 0.5 should be greater than or equal to 1"),
        ("[network]\n'a\\nb' = 1", r"'network.a\\nb' is no field"),
        ('[network]\n"a\\nb" = 1', r"'network.a\nb' is no field"),
        ("seed", "is not TOML ("),
        ("seed = 1\nseed = 2", "is not TOML ("),
        ("seed = " + "9" * 5000, "is not TOML ("),
    ],
)
def test_a_problem_is_one_line_with_file_and_field(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_from_toml(text, "run.toml")
    assert str(caught.value).startswith(f"run.toml: {message}")
    assert "\n" not in str(caught.value)


def test_a_long_value_is_cut_short() -> None:
    with pytest.raises(ConfigError) as caught:
        config_from_toml(f"seed = '{'x' * 9999}'", "run.toml")
    assert len(str(caught.value)) < 200


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for start in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(start + b"seed = 5\n# \xc3\xa9\n")
        assert load_config(path).seed == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"# \xff", "is not UTF-8 at byte 2"),
        (b"#" * (1 << 20) + b"#", "larger than 1048576 bytes"),
        (b"seed = -1", "seed: -1 should be"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "config.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}: {message}")
