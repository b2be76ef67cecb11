"""Other learners on the same encoded samples: time to equal held-out accuracy, errors, bytes.

LightGBM and green-tsetlin get the same positions, history and candidates as goldzone
(`benchmarks.speed.positions`). A round counts by the share of held-out positions that take the right
candidate after the true earlier choices. The time compared is that until a learner first has the accuracy of
goldzone's first sweep. The curves and the parameters go to the standard error output.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass, replace

from benchmarks.speed.curves import Curve, curve_table, seconds_to_reach
from benchmarks.speed.learner_goldzone import train_goldzone
from benchmarks.speed.measure import Figure, Setting
from benchmarks.speed.positions import Problem, build_problem
from goldzone.training.config import TrainingConfig

__all__ = ["compared", "figures"]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is trained: words, LightGBM's rounds, epochs and seconds of the Tsetlin machines."""

    train_words: int
    held_out_words: int
    rounds: int
    epochs: int
    seconds: float
    config: TrainingConfig


QUICK = Effort(
    *(150, 50, 2, 1, 1.0),
    TrainingConfig.model_validate({"network": {"neurons": 60}, "pipeline": {"sweeps": 1}}),
)
FULL = Effort(10_000, 1_000, 20, 20, 45.0, TrainingConfig())


def figures(setting: Setting) -> list[Figure]:
    """Train all learners that are installed.

    Raises
    ------
    ModuleNotFoundError
        Neither peer is installed.
    """
    effort = QUICK if setting.quick else FULL
    # The first training on a machine compiles; the first one in a process loads what was compiled.
    warm_up = replace(setting, dataset=None)
    train_goldzone(build_problem(warm_up, QUICK.train_words, QUICK.held_out_words), QUICK.config)
    problem = build_problem(setting, effort.train_words, effort.held_out_words)
    peers = _peers(problem, effort)
    ours = train_goldzone(problem, effort.config)
    print(curve_table([ours, *peers.values()]), file=sys.stderr)
    own = Figure("peer_learners.seconds_to_first_sweep", ours.points[0][0], "s")
    return [own, *(figure for name, curve in peers.items() for figure in compared(name, ours, curve))]


def compared(name: str, ours: Curve, peer: Curve) -> list[Figure]:
    """Put goldzone's curve beside a peer's.

    Where the peer never has the accuracy, its whole time stands for it: the ratio is then an upper limit.
    """
    spent, accuracy = ours.points[0]
    reached = seconds_to_reach(peer.points, accuracy)
    said = f"{peer.learner}, {peer.parameters}"
    until = f"until {accuracy:.1%}" if reached is not None else f"not at {accuracy:.1%} after all its time"
    seconds = peer.points[-1][0] if reached is None else reached
    numbers = {
        "wrong_positions": (1 - ours.best, 1 - peer.best, "of held-out positions"),
        "wrong_words": (1 - ours.word_accuracy, 1 - peer.word_accuracy, "of held-out words"),
        "model": (float(ours.model_bytes), float(peer.model_bytes), "bytes"),
    }
    return [
        Figure(
            f"peer_learners.seconds_to_equal_{name}",
            spent,
            "s",
            peer=f"{said}: {until}",
            ratio=spent / seconds,
        ),
        *(
            Figure(
                f"peer_learners.{what}_{name}",
                value,
                unit,
                peer=peer.learner,
                ratio=value / other if other else None,
            )
            for what, (value, other, unit) in numbers.items()
        ),
    ]


def _peers(problem: Problem, effort: Effort) -> dict[str, Curve]:
    """Train the peers that are installed."""
    arguments = {"lightgbm": (effort.rounds,), "tsetlin": (effort.epochs, effort.seconds)}
    curves: dict[str, Curve] = {}
    missing = None
    for name, parameters in arguments.items():
        try:
            module = importlib.import_module(f"benchmarks.speed.learner_{name}")
        except ModuleNotFoundError as error:
            missing = error
            print(f"peer_learners: {error.name} is not installed", file=sys.stderr)
            continue
        curves[name] = getattr(module, f"train_{name}")(problem, *parameters)
    if not curves and missing is not None:
        raise missing
    return curves
