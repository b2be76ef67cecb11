"""What to change in a run's configuration, in words and numbers, from what its history shows."""

from __future__ import annotations

from goldzone.monitor.advice import RULES, Changes, Recommendation, fewer_sweeps
from goldzone.monitor.history import RunHistory
from goldzone.monitor.run_state import run_state
from goldzone.training.config import TrainingConfig

__all__ = ["Changes", "Recommendation", "apply_changes", "recommend"]


def recommend(history: RunHistory, config: TrainingConfig) -> tuple[Recommendation, ...]:
    """Say what to change for the next run, the most urgent first; nothing if nothing is wrong.

    No two recommendations change the same field, so they can be followed together: of those that would, the
    first stays. Fewer sweeps are recommended alone, because another change may make use of them. The
    configuration is the run's; its `pipeline.tolerance` is the change of accuracy that counts as none.

    Raises
    ------
    StateError
        If no sweep is done.
    """
    state = run_state(history, config)
    taken: list[Recommendation] = []
    for rule in RULES:
        found = rule(state)
        if found and not any(found.changes.keys() & earlier.changes.keys() for earlier in taken):
            taken.append(found)
    if not taken and (found := fewer_sweeps(state)):
        taken.append(found)
    return tuple(taken)


def apply_changes(config: TrainingConfig, *changes: Changes) -> TrainingConfig:
    """Return a configuration with fields of its sections replaced, validated as a whole.

    Raises
    ------
    ValueError
        If a value is out of range or the values do not go together (pydantic's ``ValidationError``).
    """
    sections = config.model_dump()
    for change in changes:
        for name, value in change.items():
            section, field = name.split(".")
            sections[section][field] = value
    return TrainingConfig.model_validate(sections)
