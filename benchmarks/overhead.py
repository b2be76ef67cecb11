"""What safety and direction cost: training with and without checkpoints and events, backward and forward.

    python -m benchmarks.overhead [--dataset DIR --language french] [--words 12000] [--neurons 448]
        [--sweeps 1] [--repeats 5] [--threads 1] [--out FILE]

Trains on a language of a dataset, or on built-in Slovak: with so few words a neuron learns in a millisecond,
and what safety costs, which is so much a neuron, weighs many times more. The kinds of training take turns in
one process, without held-out words, whose judgement takes equally long in all kinds. "safe" is what
``goldzone train`` does: a journal record a neuron, a checkpoint a sweep, events through a thread.
The ratios are of medians, of wall clock and of processor time (all threads). Prints Markdown tables, and
writes every time as JSON with ``--out``; exits 1 if a ratio of wall clocks is above its bound.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks import command
from goldzone.data.builtin import load_builtin
from goldzone.data.languages import load_language
from goldzone.data.lexicon import Lexicon
from goldzone.data.split import Split, first_by_hash, split_lexicon
from goldzone.g2p.prepared_data import PreparedData, prepare
from goldzone.g2p.task import PhonemizerTask, train_model
from goldzone.hashtron.committee import Committee
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import Hooks
from goldzone.training.runner import task_checkpointer
from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.events import Event, NeuronTrained

RATIOS = {
    "checkpoints and events / neither": ("safe", "plain", 1.03),
    "backward / forward": ("plain", "forward", 1.10),
}
"""Of which kind to which other, and the most that it may be."""


@dataclass(frozen=True)
class Time:
    """One training: seconds by the wall clock and of the processor, and neurons trained."""

    wall: float
    processor: float
    neurons: int


class Problem:
    """Words and configuration of all trainings."""

    def __init__(self, lexicon: Lexicon, words: int, neurons: int, sweeps: int, threads: int) -> None:
        split = split_lexicon(lexicon)
        self.split: Split[Lexicon] = replace(
            split, train=first_by_hash(split.train, words), dev=replace(split.dev, entries=())
        )
        self.threads = threads
        self.config = TrainingConfig.model_validate(
            {"network": {"neurons": neurons}, "pipeline": {"sweeps": sweeps, "patience": 1000}}
        )
        self.prepared: PreparedData = prepare(self.split.train, self.config, threads=threads)

    def plain(self, direction: str = "backward") -> Time:
        """Train and keep nothing."""
        counted: list[Event] = []
        pipeline = self.config.pipeline.model_copy(update={"direction": direction})
        config = self.config.model_copy(update={"pipeline": pipeline})
        return self._timed(
            PhonemizerTask("slovak", self.split, config), Hooks(on_event=counted.append), counted
        )

    def safe(self) -> Time:
        """Train as a run in a folder does."""
        counted: list[Event] = []
        task = PhonemizerTask("slovak", self.split, self.config)
        with tempfile.TemporaryDirectory() as folder, BackgroundLog(Path(folder) / "events.jsonl") as log:
            checkpoints = task_checkpointer(task, Path(folder), Path(folder) / "sums.goldzone")
            checkpoints.attach(log)

            def on_event(event: Event) -> None:
                counted.append(log.write(event))

            with closing(checkpoints):
                return self._timed(task, Hooks(on_event=on_event, checkpointer=checkpoints), counted)

    def _timed(self, task: PhonemizerTask, hooks: Hooks[Committee], counted: list[Event]) -> Time:
        wall, processor = time.perf_counter(), time.process_time()
        train_model(task, hooks, data=self.prepared, threads=self.threads)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        return Time(wall, processor, sum(isinstance(event, NeuronTrained) for event in counted))


def measure(problem: Problem, repeats: int) -> dict[str, list[Time]]:
    """Train each kind in turn, `repeats` times after one that compiles and warms up."""
    kinds: dict[str, Callable[[], Time]] = {
        "plain": problem.plain,
        "safe": problem.safe,
        "forward": lambda: problem.plain("forward"),
    }
    times: dict[str, list[Time]] = {name: [] for name in kinds}
    for repeat in range(repeats + 1):
        for name, train in kinds.items():
            taken = train()
            if repeat:
                times[name].append(taken)
                print(f"{repeat} {name}: {taken.wall:.2f} s, {taken.processor:.2f} s", file=sys.stderr)
    return times


def ratios(times: dict[str, list[Time]], clock: str) -> dict[str, float]:
    """Compare the medians of one clock."""
    median = {kind: statistics.median(getattr(t, clock) for t in taken) for kind, taken in times.items()}
    return {name: median[of] / median[to] for name, (of, to, _) in RATIOS.items()}


def tables(times: dict[str, list[Time]]) -> str:
    """Return times and ratios as Markdown."""
    lines = ["| training | neurons | wall clock, s | processor, s |", "| --- | ---: | ---: | ---: |"]
    for kind, taken in times.items():
        wall, processor = (
            f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
            for values in ([t.wall for t in taken], [t.processor for t in taken])
        )
        lines.append(f"| {kind} | {taken[0].neurons} | {wall} | {processor} |")
    lines += ["", "| ratio of medians | wall clock | processor | bound |", "| --- | ---: | ---: | ---: |"]
    walls, processors = (ratios(times, clock) for clock in ("wall", "processor"))
    lines += [
        f"| {name} | {walls[name]:.3f} | {processors[name]:.3f} | {bound:.2f} |"
        for name, (_, _, bound) in RATIOS.items()
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, and tell whether the bounds hold."""
    parser = command.parser(__doc__)
    parser.add_argument("--dataset", type=command.folder)
    parser.add_argument("--language", default="french")
    parser.add_argument("--words", type=int, default=12_000)
    parser.add_argument("--neurons", type=int, default=448)
    parser.add_argument("--sweeps", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON file.")
    options = parser.parse_args()
    lexicon = load_language(options.dataset, options.language) if options.dataset else load_builtin("slovak")
    problem = Problem(lexicon, options.words, options.neurons, options.sweeps, options.threads)
    times = measure(problem, options.repeats)
    print(tables(times))
    command.write_json(options.out, {kind: [asdict(t) for t in taken] for kind, taken in times.items()})
    return int(any(ratio > RATIOS[name][2] for name, ratio in ratios(times, "wall").items()))


if __name__ == "__main__":
    command.main(main)
