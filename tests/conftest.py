"""What all tests share: hypothesis without a clock, and one small training run on built-in Slovak."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from goldzone.data.builtin import load_builtin
from goldzone.data.lexicon import Lexicon
from goldzone.data.split import Split, split_lexicon
from goldzone.g2p.model import write_model
from goldzone.g2p.phonemizer import Phonemizer
from goldzone.g2p.task import PhonemizerTask, TrainedModel, train_model
from goldzone.training.config import TrainingConfig

# The first call of a kernel compiles it, on any machine; no test may depend on how long that takes.
# By default each run meets the same examples; `--hypothesis-profile=thorough` looks for new ones.
settings.register_profile("goldzone", deadline=None, max_examples=30, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("goldzone")


@pytest.fixture(scope="session")
def quick_config() -> TrainingConfig:
    return TrainingConfig.model_validate(
        {"network": {"neurons": 58}, "pipeline": {"sweeps": 1}, "capacity": {"premodulo": 2048}}
    )


@pytest.fixture(scope="session")
def slovak() -> Lexicon:
    return load_builtin("slovak")


@pytest.fixture(scope="session")
def slovak_split(slovak: Lexicon) -> Split[Lexicon]:
    return split_lexicon(slovak)


@pytest.fixture(scope="session")
def trained(slovak_split: Split[Lexicon], quick_config: TrainingConfig) -> TrainedModel:
    return train_model(PhonemizerTask("slovak", slovak_split, quick_config))


@pytest.fixture(scope="session")
def phonemizer(trained: TrainedModel) -> Phonemizer:
    return Phonemizer(trained.model)


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory, trained: TrainedModel) -> Path:
    path = tmp_path_factory.mktemp("model") / "slovak.goldzone"
    write_model(path, trained.model)
    return path
