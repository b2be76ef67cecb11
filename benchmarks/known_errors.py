"""How many known errors `goldzone check-lexicon` finds among the entries that it lists first.

    python -m benchmarks.known_errors FILE|SAMPLE ... [--share 0.01] [--top 100] [--seed 1]

In a share of the words of each lexicon one sound of the first pronunciation is made wrong: replaced by
another sound of the lexicon, left out, said twice, or exchanged with its neighbour, drawn by a hash of the
word. The lexicon's own errors stay in it and count as false alarms, so that the figures are a lower bound.
Prints a Markdown table: the known errors among the first entries listed, how many chance would give, and how
far down the list half of the known errors stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks import command
from goldzone.data.builtin import builtin_names, load_builtin
from goldzone.data.lexicon import Entry, Lexicon, read_lexicon
from goldzone.data.notation import Segments
from goldzone.data.split import first_by_hash
from goldzone.g2p.lexicon_check import check_lexicon
from goldzone.training.config import TrainingConfig
from goldzone.training.streams import stream


@dataclass(frozen=True)
class Found:
    """Where the known errors stand in the list."""

    words: int
    errors: int
    listed: int
    ranks: Sequence[int]
    """Of the known errors that are listed, from 1."""

    def row(self, name: str, top: int) -> str:
        """Return a row of the table."""
        among = sum(rank <= top for rank in self.ranks)
        missed = [self.words] * (self.errors - len(self.ranks))
        middle = median([*self.ranks, *missed])
        cells = [
            f"{self.words:,}",
            self.errors,
            f"{self.listed:,}",
            among,
            f"{top * self.errors / self.words:.1f}",
        ]
        return f"| {name} | {' | '.join(map(str, cells))} | {middle:,.0f} |"


def spoil(lexicon: Lexicon, share: float, seed: int) -> tuple[Lexicon, set[str]]:
    """Make one sound wrong in a share of the words; return the lexicon and these words."""
    sounds = sorted({sound for entry in lexicon.entries for said in entry.pronunciations for sound in said})
    chosen = {entry.word for entry in first_by_hash(lexicon, round(share * len(lexicon))).entries}
    wrong = {entry.word: _one_wrong(entry, sounds, seed) for entry in lexicon.entries if entry.word in chosen}
    listed = {entry.word: entry.pronunciations for entry in lexicon.entries}
    spoilt = {word: entry for word, entry in wrong.items() if entry.pronunciations[0] not in listed[word]}
    entries = tuple(spoilt.get(entry.word, entry) for entry in lexicon.entries)
    return replace(lexicon, entries=entries), set(spoilt)


def _one_wrong(entry: Entry, sounds: Sequence[str], seed: int) -> Entry:
    kind, where, which = stream(seed, f"error {entry.word}", count=3).tolist()
    said = list(entry.pronunciations[0])
    place = where % len(said)
    wrong: list[str] = [
        [*said[:place], sounds[which % len(sounds)], *said[place + 1 :]],
        [*said[:place], *said[place + 1 :]] or said,
        [*said[: place + 1], *said[place:]],
        [*said[:place], *reversed(said[place : place + 2]), *said[place + 2 :]],
    ][kind % 4]
    spoilt: tuple[Segments, ...] = (tuple(wrong),)
    return replace(entry, pronunciations=spoilt)


def measure(lexicon: Lexicon, share: float, seed: int) -> Found:
    """Put errors into a lexicon and look for them."""
    spoilt, wrong = spoil(lexicon, share, seed)
    suspects = check_lexicon(spoilt, TrainingConfig())
    ranks = [rank for rank, suspect in enumerate(suspects, 1) if suspect.word in wrong]
    return Found(len(lexicon), len(wrong), len(suspects), ranks)


def main() -> None:
    """Measure every lexicon and print the table."""
    parser = command.parser(__doc__)
    parser.add_argument("lexicons", nargs="+", help="Files, or built-in samples.")
    parser.add_argument("--share", type=float, default=0.01, help="Of the words that are made wrong.")
    parser.add_argument("--top", type=int, default=100, help="Entries that somebody looks at.")
    parser.add_argument("--words", type=int, help="Take so many of a lexicon at most.")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(
        f"| lexicon | words | known errors | entries listed | known in the first {options.top} | by chance "
        "| median place |"
    )
    print("| --- |" + " ---: |" * 6)
    for name in options.lexicons:
        lexicon = load_builtin(name) if name in builtin_names() else read_lexicon(Path(name))
        lexicon = first_by_hash(lexicon, options.words or len(lexicon))
        print(measure(lexicon, options.share, options.seed).row(lexicon.name, options.top), flush=True)


if __name__ == "__main__":
    command.main(main)
