"""Checkpoints: a run that was killed at any instant goes on as if it had never stopped.

After every sweep the whole state is written (``checkpoint-N.goldzone``: progress, network, best network, sum
cache); between two checkpoints, each plan and each trained neuron is one record of ``journal-N.goldzone``.
The generation before is kept, so that one damaged file costs time and nothing else. Both files are sealed,
and belong to one configuration and one data set.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from goldzone.errors import ModelFormatError, StateError
from goldzone.hashtron.neuron import AnyNeuron
from goldzone.hashtron.neuron_codec import decode_neurons, encode_neurons
from goldzone.storage.files import read_bounded, write_atomically
from goldzone.storage.journal import Entry, Journal, read_journal
from goldzone.storage.sealed import DamagedError, Sealed, seal, unseal
from goldzone.training.control.curve import CurvePoint
from goldzone.training.learners.results import TrainMetrics
from goldzone.training.pipeline import HeldOut, Outcome, Progress, Step
from goldzone.training.sums.cache import SumCache, SumRecord

__all__ = ["FolderCheckpointer", "Restored"]

NetworkT = TypeVar("NetworkT")

_MEMORY: Final = "memory."
"""Begins the names of parts that hold a trainer's memory."""
_MAGIC: Final = b"GZCHECKP"
_VERSION: Final = 1
_KEPT: Final = 2
_MAX_BYTES: Final = 1 << 32
_RECORD_FIELDS: Final = tuple(field.name for field in fields(SumRecord))
_NAME: Final = re.compile(r"checkpoint-([0-9]+)\.goldzone")


@dataclass(frozen=True, eq=False)
class Restored(Generic[NetworkT]):
    """A state to go on from."""

    progress: Progress[NetworkT]
    network: NetworkT
    sums: SumCache
    events: int
    """Events that had been written at that moment; later ones are to be cut off."""
    memory: Mapping[str, bytes]
    """What the trainer needs besides the network."""


class _Log(Protocol):
    """What a checkpointer asks of the event log (`goldzone.training.runs.background_log.BackgroundLog`)."""

    @property
    def count(self) -> int: ...

    def flush(self) -> None: ...


class FolderCheckpointer(Generic[NetworkT]):
    """Writes a run's state as it goes, and reads it back. It is a `goldzone.training.pipeline.Checkpointer`.

    Parameters
    ----------
    folder : Path
        Where the files are.
    identity : str
        What the state depends on (configuration, data); a state of another identity is refused.
    layers : sequence of int
        Neurons of each layer.
    neurons_of : callable
        Takes a network apart into its neurons, layer by layer.
    network_of : callable
        Puts neurons together again.
    sums_path : Path, optional
        Where the sum cache is saved after each sweep, with backups, for those who want to look at it. A run
        goes on from the checkpoint's own copy.
    rest : float
        How many times as long as writing a large memory took, the next checkpoint waits at least.
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        layers: Sequence[int],
        *,
        neurons_of: Callable[[NetworkT], Sequence[AnyNeuron]],
        network_of: Callable[[Sequence[AnyNeuron]], NetworkT],
        sums_path: Path | None = None,
        rest: float = 33.0,
    ) -> None:
        self._rest = rest
        self._due = 0.0
        self._folder = folder
        self._identity = identity
        self._layers = tuple(layers)
        self._neurons_of = neurons_of
        self._network_of = network_of
        self._sums_path = sums_path
        self._log: _Log | None = None
        self._generation = -1
        self._journal: Journal | None = None
        self._encoded: dict[AnyNeuron, bytes] = {}

    def attach(self, log: _Log) -> None:
        """Name the event log: every record tells how many events belong before it."""
        self._log = log

    def on_sweep(
        self,
        progress: Progress[NetworkT],
        network: NetworkT,
        sums: SumCache,
        memory: Callable[[], Mapping[str, bytes]] = dict,
    ) -> None:
        """Write a checkpoint between two sweeps, begin its journal, and drop the generation before the last.

        A trainer with a large memory is not kept after every sweep: writing would take longer than the sweep.
        So much time passes between two checkpoints that writing takes 3 % of it; a run that is resumed trains
        the sweeps since the last one again.

        Raises
        ------
        StateError
            The disk refuses; the files of before are whole.
        """
        if self._sums_path is not None and len(sums):  # first: a last checkpoint has its last sums beside it
            sums.save(self._sums_path)
        began = time.monotonic()
        if began < self._due:
            return
        remembered = memory()
        content = {
            "identity": self._identity,
            "layers": list(self._layers),
            "events": self._count_events(flush=True),
            "progress": _plain_progress(progress),
        }
        present = self._neurons_of(network)
        best = self._neurons_of(progress.best.network) if progress.best else ()
        # Most neurons are as the journal, or the checkpoint before, has them: they are not encoded again.
        self._encoded = {neuron: self._encode(neuron) for neuron in (*present, *best)}
        parts = {"network": b"".join(map(self._encode, present)), "sums": sums.snapshot()}
        if progress.best is not None:
            parts["best"] = b"".join(map(self._encode, best))
        parts |= {_MEMORY + name: part for name, part in remembered.items()}
        data = seal(_MAGIC, _VERSION, content, parts)
        self.close()
        self._generation += 1
        write_atomically(self._checkpoint_path(self._generation), data, error=StateError)
        self._journal = Journal(self._journal_path(self._generation), data[-32:])
        for generation in self._generations():
            if not self._generation - _KEPT < generation <= self._generation:
                self._delete(generation)
        if remembered:
            ended = time.monotonic()
            self._due = ended + self._rest * (ended - began)

    def on_plan(self, progress: Progress[NetworkT]) -> None:
        """Record what a layer is to train."""
        plan = [[step.position, step.partner] for step in progress.plan or ()]
        self._append(
            {"event": "planned", "layer_index": progress.index, "plan": plan, "events": self._count_events()}
        )

    def on_step(self, records: Sequence[SumRecord], neurons: Sequence[AnyNeuron], changed: int) -> None:
        """Record a step of the plan: its sums, its neurons, and how many cells it changed."""
        content = {
            "event": "trained",
            "records": [_plain_record(record) for record in records],
            "changed": changed,
            "events": self._count_events(),
        }
        self._encoded.update((neuron, encode_neurons([neuron])) for neuron in neurons)
        self._append(content, b"".join(map(self._encode, neurons)))

    def close(self) -> None:
        """Close the journal; closing again does nothing."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def discard(self) -> None:
        """Delete all checkpoints and journals: the run is over."""
        self.close()
        for generation in self._generations():
            self._delete(generation)

    def load(self, events: int, warn: Callable[[str], None] = lambda line: None) -> Restored[NetworkT] | None:
        """Read the latest state that is whole and not ahead of the event log, and go on from it.

        One that is ahead is deleted: the run comes to it again, and its count of events would no longer hold.
        Without any state the result is None: the run begins at its beginning.

        Parameters
        ----------
        events : int
            Whole events in the log.
        warn : callable
            Gets a line for each state that cannot be used.

        Raises
        ------
        StateError
            A state is there, but of another configuration, data or version.
        """
        for generation in sorted(self._generations(), reverse=True):
            path = self._checkpoint_path(generation)
            try:
                sealed = unseal(read_bounded(path, _MAX_BYTES, error=StateError), str(path), _MAGIC, _VERSION)
            except DamagedError as problem:
                warn(f"{problem}; an earlier state is taken")
                continue
            if sealed.content["identity"] != self._identity:
                raise StateError(
                    f"{path}: belongs to another configuration or other data; "
                    "restore them, or start again with --force"
                )
            if sealed.content["events"] > events:
                warn(f"{path}: is ahead of the event log; an earlier state is taken")
                self._delete(generation)
                continue
            entries = read_journal(self._journal_path(generation), sealed.digest)
            entries = tuple(entry for entry in entries if entry.content["events"] <= events)
            restored = self._replay(sealed, entries, str(path))
            self._generation = generation
            last = entries[-1] if entries else None
            self._journal = Journal(self._journal_path(generation), sealed.digest, after=last)
            return restored
        return None

    def _replay(self, sealed: Sealed, entries: tuple[Entry, ...], name: str) -> Restored[NetworkT]:
        """Bring a checkpoint up to the last record of its journal."""
        content = sealed.content
        try:
            neurons = list(decode_neurons(sealed.parts["network"], name))
            best = decode_neurons(sealed.parts["best"], name) if "best" in sealed.parts else None
        except ModelFormatError as error:
            raise StateError(str(error)) from None
        progress = _progress_of(content["progress"], None if best is None else self._network_of(best))
        sums = SumCache.from_snapshot(sealed.parts["sums"], name)
        events = int(content["events"])
        first = [sum(self._layers[:layer]) for layer in range(len(self._layers))]
        for entry in entries:
            events = int(entry.content["events"])
            if entry.content["event"] == "planned":
                plan = tuple(Step(position, partner) for position, partner in entry.content["plan"])
                progress.leave()
                progress.enter(entry.content["layer_index"], plan)
                continue
            records = [SumRecord(**record) for record in entry.content["records"]]
            sums.append(*records)
            for record, neuron in zip(records, decode_neurons(entry.part, name), strict=True):
                neurons[first[record.layer - 1] + record.position] = neuron
            progress.advance(entry.content["changed"])
        memory = {
            name.removeprefix(_MEMORY): part
            for name, part in sealed.parts.items()
            if name.startswith(_MEMORY)
        }
        return Restored(progress, self._network_of(neurons), sums, events, memory)

    def _encode(self, neuron: AnyNeuron) -> bytes:
        known = self._encoded.get(neuron)
        return encode_neurons([neuron]) if known is None else known

    def _count_events(self, *, flush: bool = False) -> int:
        if self._log is None:
            return 0
        if flush:
            self._log.flush()
        return self._log.count

    def _append(self, content: dict[str, Any], part: bytes = b"") -> None:
        assert self._journal is not None  # noqa: S101 - a checkpoint is written before the first step
        self._journal.append(content, part)

    def _generations(self) -> list[int]:
        found = (_NAME.fullmatch(path.name) for path in self._folder.glob("checkpoint-*.goldzone"))
        return [int(match[1]) for match in found if match]

    def _delete(self, generation: int) -> None:
        for path in (self._journal_path(generation), self._checkpoint_path(generation)):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StateError(f"{path}: cannot be deleted ({error.strerror}); check the folder") from None

    def _checkpoint_path(self, generation: int) -> Path:
        return self._folder / f"checkpoint-{generation}.goldzone"

    def _journal_path(self, generation: int) -> Path:
        return self._folder / f"journal-{generation}.goldzone"


def _plain_record(record: SumRecord) -> dict[str, Any]:
    """Return a record as JSON values; what is not known is left out, as it is NaN by default."""
    values = ((name, getattr(record, name)) for name in _RECORD_FIELDS)
    return {name: value for name, value in values if value == value}  # noqa: PLR0124


def _plain_progress(progress: Progress[Any]) -> dict[str, Any]:
    best = progress.best
    return {
        "sweep": progress.sweep,
        "unchanged": list(progress.unchanged.items()),
        "curve": [asdict(point) for point in progress.curve],
        "without_gain": progress.without_gain,
        "held": progress.held,
        "seconds": progress.seconds,
        "stop": progress.stop,
        "best": None
        if best is None
        else {
            "sweep": best.sweep,
            "train": asdict(best.train),
            "held_out": asdict(best.held_out) if best.held_out else None,
        },
    }


def _progress_of(plain: dict[str, Any], best: NetworkT | None) -> Progress[NetworkT]:
    about = plain["best"]
    outcome = None
    if about is not None and best is not None:
        held_out = HeldOut(**about["held_out"]) if about["held_out"] else None
        outcome = Outcome(best, about["sweep"], TrainMetrics(**about["train"]), held_out, "")
    return Progress(
        sweep=plain["sweep"],
        unchanged=dict(plain["unchanged"]),
        curve=tuple(CurvePoint(**point) for point in plain["curve"]),
        best=outcome,
        without_gain=plain["without_gain"],
        held=plain["held"],
        seconds=plain["seconds"],
        stop=plain["stop"],
    )
