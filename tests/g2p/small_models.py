"""Small models with random tables, so that every path through a word can be listed."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from goldzone.data.candidates import CandidateTable
from goldzone.data.notation import Notation
from goldzone.data.settings import LanguageSettings
from goldzone.data.sound_classes import SoundClasses
from goldzone.data.templates import parse_templates
from goldzone.g2p.model import G2PModel
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.kernels import HIGHEST
from goldzone.hashtron.neuron import BitTable, GradedTable, Hashtron

TEMPLATES = (
    *("L0", "L-1..1", "L0 L2", "L0 C1", "L-1..0 C1..2", "L0 S1", "S1..3", "L0 same"),
    *("L0 said", "said", "L0 start2", "L0 end3 S1", "C2", "L0 V1 nextv", "rcons nvl2", "suf2 rest2 len3"),
    *("L0 lastv cstr", "nvs2 vowels", "L0 acc", "acc2 prevv"),
)
"""One or two of each kind of atom."""


def small_model(random: Generator, *, max_candidates: int = 4, graded: bool | None = None) -> G2PModel:
    """Make a model of 2 to 4 letters; the first has a single candidate. Half of the models are graded."""
    letters, segments = "abcd"[: random.integers(2, 5)], "xyz"
    chunks = [(), (0,), (1,), (2,), (0, 1), (2, 2, 1)]
    rows = [
        random.permutation(len(chunks))[: 1 if index == 0 else random.integers(1, max_candidates + 1)]
        for index in range(len(letters))
    ]
    templates = random.choice(TEMPLATES, size=random.integers(1, 6), replace=False).tolist()
    n_neurons = int(random.integers(1, 9))
    salts = [int(salt) for salt in random.integers(2**32, size=n_neurons)]
    sizes = random.integers(2, 30, size=n_neurons).tolist()
    tables: tuple[BitTable, ...] | tuple[GradedTable, ...]
    if graded if graded is not None else random.random() < 0.5:
        tables = tuple(
            GradedTable.from_grades(salt, random.integers(-HIGHEST, HIGHEST + 1, size=size))
            for salt, size in zip(salts, sizes, strict=True)
        )
    else:
        tables = tuple(
            BitTable.from_bits(salt, random.random(size) < 0.5)
            for salt, size in zip(salts, sizes, strict=True)
        )
    return G2PModel(
        name="small",
        settings=LanguageSettings(),
        letters=tuple(letters),
        segments=tuple(segments),
        chunks=tuple(chunks),
        candidates=CandidateTable(
            offsets=np.cumsum([0, *map(len, rows)]).astype(np.int64),
            chunk=np.concatenate(rows).astype(np.int32),
            count=random.integers(1, 1000, size=sum(map(len, rows))),
        ),
        classes=SoundClasses(
            random.integers(2, size=len(letters)).astype(np.uint8),
            random.integers(4, size=len(segments)).astype(np.uint8),
        ),
        templates=parse_templates(templates),
        committee=Committee(
            tuple(random.integers(len(templates), size=n_neurons).tolist()),
            tables,
            Hashtron(((int(random.integers(2**32)), 7),), bytes(random.integers(256, size=3).tolist())),
        ),
        temperature=float(random.choice([0.5, 1.0, 2.5, 8.0])),
        about={},
        notation=Notation(random.choice(["joined", "spaced"])),
        spread=float(random.choice([1.0, 1.25, 2.0])),
        exceptions={"ab": (("x", "y"), ("z",)), "é": ((),)} if random.random() < 0.5 else {},
    )


def small_word(random: Generator, model: G2PModel, length: int) -> list[str]:
    """Make a word of the model's letters and one that it does not know."""
    return [str(letter) for letter in random.choice([*model.letters, "?"], size=length)]
