"""What learning the held-out words in the end brings, on words that are hidden from both models.

    python -m benchmarks.all_words FILE ... [--parts 4]

One part of each file, by hash, is hidden. Of the rest four fifths are learnt, as `goldzone train` does, and
then all of it. Prints words wrong among the hidden ones, as a Markdown table.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks import command
from goldzone.data.lexicon import Lexicon, read_lexicon
from goldzone.data.split import split_in_parts
from goldzone.g2p.evaluation import evaluate_model
from goldzone.g2p.task import PhonemizerTask, train_model
from goldzone.training.config import TrainingConfig


def measure(rest: Lexicon, hidden: Lexicon) -> tuple[int, float, float]:
    """Return how many words are learnt in the end, and the words wrong before and after."""
    task = PhonemizerTask.of(rest, TrainingConfig())
    judged = train_model(task)
    final = train_model(task.of_all_words(judged.outcome.sweep, {"spread": judged.model.spread}))
    beam = task.config.decoding.beam
    before, after = (
        evaluate_model(trained.model, hidden.entries, beam=beam).word_error for trained in (judged, final)
    )
    return len(rest), before, after


def main() -> None:
    """Measure every file and print the table."""
    parser = command.parser(__doc__)
    parser.add_argument("files", type=Path, nargs="+", help="Lexicons.")
    parser.add_argument("--parts", type=int, default=4, help="Of which one is hidden.")
    options = parser.parse_args()
    print("| file | words | hidden | wrong, four fifths learnt | wrong, all learnt |")
    print("| --- | ---: | ---: | ---: | ---: |")
    found = []
    for file in options.files:
        lexicon = read_lexicon(file)
        hidden, *others = split_in_parts(lexicon, options.parts)
        rest = replace(lexicon, entries=tuple(entry for part in others for entry in part))
        words, before, after = measure(rest, hidden)
        found.append((before, after))
        print(f"| {file.stem} | {words:,} | {len(hidden):,} | {before:.1%} | {after:.1%} |", flush=True)
    means = " | ".join(f"{sum(each) / len(found):.1%}" for each in zip(*found, strict=True))
    print(f"| mean | | | {means} |")


if __name__ == "__main__":
    command.main(main)
