from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from goldzone.g2p.model import write_model
from goldzone.g2p.task import TrainedModel


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, trained: TrainedModel) -> list[Path]:
    """Three models of Slovak that differ."""
    folder = tmp_path_factory.mktemp("models")
    paths = []
    for number in range(3):
        paths.append(folder / f"{number}.goldzone")
        write_model(paths[-1], replace(trained.model, spread=1.0 + number))
    return paths
