"""What each choice is worth: one change of the default configuration at a time, on held-out words.

    python -m benchmarks.variants --dataset DIR [--language french ...] [--variant NAME ...] [--seed 1 ...]

Prints a Markdown table of test word accuracy and model bytes, the mean over languages and seeds, and writes
every run as JSON with ``--out``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import command
from goldzone.data.templates import TEMPLATE_GROUPS


def _templates(*groups: str, more: str = "") -> str:
    texts = ", ".join(f'"{text}"' for group in groups for text in TEMPLATE_GROUPS[group])
    return f"[network]\ntemplates = [{texts}]\n{more}"


_FIRST = ("letters", "letters and segments", "letters and chunks", "segments", "earlier choices", "edges")
"""Groups that look at windows of letters and of choices; the others came later."""

VARIANTS: dict[str, str] = {
    "default": "",
    "margin credit": '[credit]\nkind = "margin"',
    "hard credit": '[credit]\nkind = "hard"',
    "no vote threshold": "[credit]\nvote_threshold = 0",
    "temperature 16": "[credit]\ntemperature = 16",
    "premodulo 16,384": "[capacity]\npremodulo = 16384",
    "premodulo 4,096": "[capacity]\npremodulo = 4096",
    "premodulo 1,024": "[capacity]\npremodulo = 1024",
    "capacity law": '[capacity]\ncontroller = "law"',
    "capacity law on agreement": '[capacity]\ncontroller = "law"\nsignal = "agreement"',
    "gold-zone selection": '[selection]\nstrategy = "gold_zone"',
    "random selection": '[selection]\nstrategy = "random"',
    "windows only": _templates(*_FIRST, more="neurons = 448"),
    **{
        f"without {group}": _templates(*(other for other in TEMPLATE_GROUPS if other != group))
        for group in TEMPLATE_GROUPS
        if group not in _FIRST
    },
    "letters only": '[network]\ntemplates = ["L0", "L-1..0", "L0..1", "L-1..1", "L-1..2", "L-2..2"]',
}


def train(dataset: Path, language: str, words: int, seed: int, overrides: str) -> dict[str, float]:
    """Train one variant and return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        summary, _ = command.train(language, run, dataset=dataset, words=words, seed=seed, config=overrides)
    return {
        "train": summary["train"]["word_accuracy"],
        "test": 1 - summary["test"]["word_error"],
        "bytes": summary["bytes"],
        "seconds": summary["seconds"],
    }


def main() -> None:
    """Run all variants and print the table."""
    parser = command.parser(__doc__, words=5_000)
    parser.add_argument("--variant", action="append", choices=list(VARIANTS), help="All by default.")
    parser.add_argument("--seed", type=int, action="append", help="May be given several times; 1 by default.")
    options = parser.parse_args()
    languages, seeds = options.language or command.LANGUAGES, options.seed or [1]
    everything: dict[str, dict[str, list[dict[str, float]]]] = {}
    print("| variant | " + " | ".join(languages) + " | mean test | mean train | mean bytes |")
    print("| --- |" + " ---: |" * (len(languages) + 3))
    for name in options.variant or VARIANTS:
        runs = {
            language: [
                train(options.dataset, language, options.words, seed, VARIANTS[name]) for seed in seeds
            ]
            for language in languages
        }
        everything[name] = runs
        flat = [figures for found in runs.values() for figures in found]
        cells = [f"{sum(f['test'] for f in found) / len(found):.1%}" for found in runs.values()]
        means = {key: sum(f[key] for f in flat) / len(flat) for key in ("test", "train", "bytes")}
        print(
            f"| {name} | {' | '.join(cells)} | **{means['test']:.1%}** | {means['train']:.1%} "
            f"| {means['bytes']:,.0f} |",
            flush=True,
        )
    command.write_json(options.out, everything)


if __name__ == "__main__":
    command.main(main)
