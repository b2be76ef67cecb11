"""How long aligning whole lexicons takes, and how sparse the result is.

    python -m benchmarks.alignment --dataset DIR [--language french ...] [--threads 2]

Prints a Markdown table.
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks import command
from goldzone.data.alignment import align
from goldzone.data.candidates import build_candidates
from goldzone.data.languages import load_language
from goldzone.data.split import first_by_hash


def main() -> None:
    """Align each language and print the table."""
    parser = command.parser(__doc__)
    parser.add_argument("--dataset", type=command.folder, required=True)
    parser.add_argument("--language", action="append", help="May be given several times; six by default.")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    print("| language | pronunciations | seconds | letter-chunk pairs | seen once |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for language in options.language or command.LANGUAGES:
        lexicon = load_language(options.dataset, language)
        align(first_by_hash(lexicon, 10).entries, threads=options.threads)  # compiled code is loaded
        started = time.monotonic()
        aligned = align(lexicon.entries, threads=options.threads)
        seconds = time.monotonic() - started
        count = build_candidates(aligned, max_candidates=10**6, min_count=1).count
        print(
            f"| {language} | {aligned.n_sequences:,} | {seconds:.1f} | {count.size:,} "
            f"| {np.mean(count == 1):.0%} |",
            flush=True,
        )


if __name__ == "__main__":
    command.main(main)
