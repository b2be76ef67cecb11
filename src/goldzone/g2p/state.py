"""What the state of a run belongs to, and its checkpoints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from goldzone.data.lexicon import Lexicon
from goldzone.data.settings import LanguageSettings
from goldzone.data.split import Split
from goldzone.data.templates import DEFAULT_TEMPLATES, parse_templates
from goldzone.errors import StateError
from goldzone.g2p.train import fingerprint
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.neuron import BitTable, Hashtron, Neuron
from goldzone.training.checkpoint import FolderCheckpointer
from goldzone.training.config import TrainingConfig
from goldzone.training.learners.committee import assign_templates

__all__ = ["committee_checkpointer", "run_identity"]

_FORMAT: Final = "goldzone-state-1"
"""Part of a state's identity: a change of what training does with the same state changes it."""


def run_identity(config: TrainingConfig, split: Split[Lexicon], name: str, settings: LanguageSettings) -> str:
    """Name all that a state, and the model that will come of it, depend on."""
    manifest = json.dumps([name, asdict(settings)]).encode()
    words = [fingerprint(part.entries) for part in (split.train, split.dev)]
    return ":".join([_FORMAT, config.digest(), *words, hashlib.sha256(manifest).hexdigest()])


def committee_checkpointer(
    folder: Path, identity: str, config: TrainingConfig, sums_path: Path
) -> FolderCheckpointer[Committee]:
    """Return what keeps the state of a committee under training.

    Parameters
    ----------
    folder : Path
        Where the files are.
    identity : str
        From `run_identity`.
    config : TrainingConfig
        Its section `network` is read.
    sums_path : Path
        Where the sum cache is saved.
    """
    width = config.network.neurons
    templates = parse_templates(config.network.templates or DEFAULT_TEMPLATES)
    template_of = tuple(assign_templates(templates, width).tolist())

    def network_of(neurons: Sequence[Neuron]) -> Committee:
        *tables, final = neurons
        context = tuple(table for table in tables if isinstance(table, BitTable))
        if not isinstance(final, Hashtron) or len(context) != len(tables):
            raise StateError(f"{folder}: holds other neurons than a committee has; use --force")
        return Committee(template_of, context, final)

    return FolderCheckpointer(
        folder,
        identity,
        (width, 1),
        neurons_of=lambda committee: (*committee.tables, committee.final),
        network_of=network_of,
        sums_path=sums_path,
    )
