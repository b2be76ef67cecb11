"""Lexicon files of any benchmark: words right that training has not seen, model bytes and seconds.

    python -m benchmarks.g2p FILE ... [--config FILE] [--seed 1 ...] [--out FILE]

Each file is split by hash as `goldzone train` splits it: 80 % are learnt, 10 % choose the sweep, 10 % are the
test. So a benchmark's train files can be compared without its dev and test files. Prints a Markdown table.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import command


def main() -> None:
    """Train on every file and print the table."""
    parser = command.parser(__doc__)
    parser.add_argument("files", type=Path, nargs="+", help="Lexicons: word<TAB>pronunciation rows.")
    parser.add_argument("--config", type=Path, help="TOML file.")
    parser.add_argument("--seed", type=int, action="append", help="May be given several times; 1 by default.")
    parser.add_argument("--out", type=Path, help="JSON file.")
    options = parser.parse_args()
    config = options.config.read_text(encoding="utf-8") if options.config else ""
    everything: dict[str, list[dict[str, float]]] = {}
    print("| file | words learnt | test words right | dev words right | PER | bytes | seconds |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for file in options.files:
        runs = [measure(file, config, seed) for seed in options.seed or [1]]
        everything[str(file)] = runs
        print(f"| {file.stem} {_row(runs)}", flush=True)
    print(f"| mean {_row([run for runs in everything.values() for run in runs])}")
    command.write_json(options.out, everything)


def measure(file: Path, config: str, seed: int) -> dict[str, float]:
    """Train on a file and return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        summary, finished = command.train(str(file), Path(folder) / "run", seed=seed, config=config)
    return {
        "words": summary["train"]["words"],
        "test": 1 - summary["test"]["word_error"],
        "dev": summary["dev"]["word_accuracy"],
        "phoneme_error": summary["test"]["phoneme_error"],
        "bytes": summary["bytes"],
        "seconds": finished.seconds,
    }


def _row(runs: list[dict[str, float]]) -> str:
    mean = {name: sum(run[name] for run in runs) / len(runs) for name in runs[0]}
    return (
        f"| {mean['words']:,.0f} | {mean['test']:.1%} | {mean['dev']:.1%} | {mean['phoneme_error']:.1%} "
        f"| {mean['bytes']:,.0f} | {mean['seconds']:.1f} |"
    )


if __name__ == "__main__":
    command.main(main)
