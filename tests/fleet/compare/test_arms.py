from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.errors import ConfigError
from goldzone.fleet.compare.arms import parse_arms, with_settings
from goldzone.training.config import TrainingConfig

BASE = TrainingConfig(seed=7)


def test_arms_are_directions_settings_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "wide.toml").write_text("[beam]\nwidth = 16\n")
    forward, wide = parse_arms(f"forward,{tmp_path / 'wide.toml'}", (), BASE)
    assert (forward.name, wide.name) == ("forward", "wide")
    assert forward.config is not None
    assert wide.config is not None
    assert (forward.config.pipeline.direction, forward.config.seed) == ("forward", 7)
    assert wide.config == TrainingConfig.model_validate({"beam": {"width": 16}})
    few, there = parse_arms(None, ["few=pipeline.sweeps:2,beam.evidence:[3,4.5]", f"old={tmp_path}"], BASE)
    assert few.config is not None
    assert (few.config.pipeline.sweeps, few.config.beam.evidence) == (2, (3, 4.5))
    assert (there.name, there.config, there.models) == ("old", None, tmp_path)


def test_text_needs_no_quotes() -> None:
    assert with_settings(BASE, "credit.kind:rank", "x").credit.kind == "rank"


@pytest.mark.parametrize(
    ("arms", "problem"),
    [
        (["backward"], "arms: 1 are given; give two, such as --arms backward,forward"),
        (["a=backward", "a=forward"], "arms: both are called a"),
        (["backward", "nothing"], "arm nothing: is neither backward nor forward, nor a file or folder"),
        (["backward", "beam.width:16"], "arm beam.width:16: has no name; give --arm NAME=beam.width:16"),
        (["backward", "x=beam.widht:8"], "arm x: 'beam.widht' is no field; did you mean beam.width?"),
        (["backward", "x=seed.x:8"], "arm x: 'seed.x' is no field; seed has none in it"),
        (["backward", "../x=forward"], "arm ../x=forward: '../x' is no name"),
    ],
)
def test_what_is_no_arm_is_refused(arms: list[str], problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_arms(None, arms, BASE)
    assert str(error.value).startswith(problem)
