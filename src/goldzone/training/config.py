"""The configuration of a training run: one validated value, read from and written to TOML.

Every field has a default that was measured, so an empty file is a configuration. Unknown fields, wrong types
and values out of range are refused in one line that names the file and the field.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, model_validator

from goldzone.data.templates import DEFAULT_TEMPLATES
from goldzone.errors import ConfigError
from goldzone.hashtron.committee import MAX_CELLS
from goldzone.plugins import is_plugin
from goldzone.storage.files import read_bounded
from goldzone.training.settings import (
    BeamSettings,
    CapacitySettings,
    CreditSettings,
    DataSettings,
    DecodingSettings,
    NetworkSettings,
    PipelineSettings,
    Section,
    SelectionSettings,
)
from goldzone.validation import check, parse_toml

__all__ = ["MAX_FILE_BYTES", "TrainingConfig", "config_from_toml", "load_config"]

MAX_FILE_BYTES: Final = 1 << 20
"""A larger file is no configuration."""
_BIT_TABLES: Final = 5
"""Context neurons of bit tables that read one template."""
_OTHERS: Final = ("alerts",)
"""Sections of the same file that training does not read."""
_NEVER_ABOVE_START: Final = {"constant", "validated"}
"""Controllers that start at `capacity.premodulo` and stay or go down."""


class TrainingConfig(Section):
    """Everything that a run depends on besides its data."""

    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 1
    """Names all random streams: another seed, another model."""
    data: DataSettings = DataSettings()
    network: NetworkSettings = NetworkSettings()
    credit: CreditSettings = CreditSettings()
    beam: BeamSettings = BeamSettings()
    pipeline: PipelineSettings = PipelineSettings()
    capacity: CapacitySettings = CapacitySettings()
    selection: SelectionSettings = SelectionSettings()
    decoding: DecodingSettings = DecodingSettings()

    @model_validator(mode="after")
    def _fits_a_model_file(self) -> TrainingConfig:
        capacity = self.capacity
        if capacity.controller == "none":  # takes what a model holds, divided by the neurons
            return self
        field = "premodulo" if capacity.controller in _NEVER_ABOVE_START else "ceiling"
        neurons = self.context_neurons()
        cells = neurons * int(getattr(capacity, field))
        if cells > MAX_CELLS:
            raise ValueError(
                f"capacity.{field}: {neurons} neurons may reach {cells} cells; "
                f"a model holds {MAX_CELLS}, lower it or network.neurons"
            )
        return self

    def context_neurons(self, n_templates: int | None = None) -> int:
        """Return the number of context neurons of so many templates; by default of the configured ones."""
        if n_templates is None:
            n_templates = len(self.network.templates or DEFAULT_TEMPLATES)
        return self.network.neurons or n_templates * (1 if self.credit.kind == "beam" else _BIT_TABLES)

    def plugins(self) -> tuple[tuple[str, str], ...]:
        """Return group and name of each plug-in that is trained with (`goldzone.plugins`)."""
        named = (
            ("goldzone.controllers", self.capacity.controller),
            ("goldzone.selectors", self.selection.strategy),
            ("goldzone.credits", self.credit.kind),
        )
        return tuple((group, name) for group, name in named if is_plugin(name))

    @property
    def steered_by_sums(self) -> bool:
        """Whether capacity or selection may look at what neurons measured before."""
        chosen = self.selection
        return (
            self.capacity.controller not in {"constant", "none", "reference"}
            or chosen.strategy not in {"fixed", "random"}
            or chosen.pairs > 0
        )

    def digest(self) -> str:
        """Identify what is trained: the SHA-256, in lower-case hex, of all fields."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()


def load_config(path: str | Path) -> TrainingConfig:
    """Read a configuration file.

    Raises
    ------
    ConfigError
        The file cannot be read, or `config_from_toml` refuses it.
    """
    return config_from_toml(read_bounded(path, MAX_FILE_BYTES, error=ConfigError), str(path))


def config_from_toml(content: str | bytes, name: str) -> TrainingConfig:
    """Read a configuration from TOML, passing over the section ``[alerts]``; `name` is what messages call it.

    Raises
    ------
    ConfigError
        The content is not TOML, has a field that is not known (the message suggests one), of another type or
        out of range. The message shows the first such problem and counts the others.
    """
    fields = parse_toml(content, name)
    return check(TrainingConfig, {field: fields[field] for field in fields if field not in _OTHERS}, name)
