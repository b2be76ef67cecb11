"""How fast words become samples, and in how much memory: read, split, align, candidates, context columns.

Each stage stands beside a floor that is timed in turns with it: the least that must be done for its bytes.
The floor of reading is a loop over the rows in plain Python that only cuts them at the tab. That of the
alignment reads and adds to one random number for each edge of the lattices and each iteration. That of the
samples writes as many bytes to new memory. Peak memory is that of a process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.command import peak_bytes
from benchmarks.speed.measure import Figure, Setting, best_seconds
from benchmarks.speed.words import load_words, write_words
from goldzone.data.alignment import DEFAULT_ALIGNMENT, AlignedLexicon, align
from goldzone.data.candidates import build_candidates
from goldzone.data.lattice_kernels import list_shapes
from goldzone.data.lexicon import Lexicon, read_lexicon
from goldzone.data.samples import Samples, word_samples
from goldzone.data.sound_classes import sound_classes
from goldzone.data.split import split_lexicon
from goldzone.data.templates import DEFAULT_TEMPLATES, parse_templates
from goldzone.g2p.prepared_data import fingerprint

__all__ = ["figures"]

_LANGUAGE = "english"
_WORDS = 50_000
_SMALL_WORDS = 200
_SECONDS = 15.0
_BYTES = 12.0


def figures(setting: Setting) -> list[Figure]:
    """Measure the stages on one large language of the dataset, or on a built-in sample."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lexicon.tsv"
        lexicon = load_words(replace(setting, dataset=None) if setting.quick else setting, _LANGUAGE)
        write_words(path, lexicon.entries)
        small = Path(folder) / "small.tsv"
        write_words(small, lexicon.entries[:_SMALL_WORDS])
        figures = _stages(lexicon, path, small, setting)
        return [*figures, _memory(path)]


def _stages(lexicon: Lexicon, path: Path, small: Path, setting: Setting) -> list[Figure]:
    aligned = align(lexicon.entries, threads=setting.threads)
    samples = _samples(aligned, setting.threads)
    edges = _random_edges(aligned)
    numbers, sums = np.ones(int(edges.max()) + 1), np.zeros(int(edges.max()) + 1)
    best = best_seconds(
        {
            "read": lambda: read_lexicon(path),
            "read floor": lambda: _cut(path),
            "split": lambda: fingerprint(split_lexicon(lexicon).train.entries),
            "align": lambda: align(lexicon.entries, threads=setting.threads),
            "align floor": lambda: _gather_and_scatter(edges, numbers, sums),
            "samples": lambda: _samples(aligned, setting.threads),
            "samples floor": lambda: np.full_like(samples.context, 1),
            "all": lambda: _path(path, setting.threads),
            "small": lambda: _path(small, setting.threads),
        },
        2 if setting.quick else max(3, setting.repeats // 2),
    )
    floors = {
        "read": ("a loop that cuts each row at the tab", 1.0),
        "align": (
            "one gather and one scatter an edge and iteration, one thread",
            DEFAULT_ALIGNMENT.iterations,
        ),
        "samples": ("as many bytes written to new memory", 1.0),
    }
    scale = _WORDS / len(lexicon)
    found = [Figure("data.all", best["all"] * scale, "s/50,000 words", bound=_SECONDS)]
    for stage, (peer, times) in floors.items():
        ratio = best[stage] / (best[f"{stage} floor"] * times)
        found.append(Figure(f"data.{stage}", best[stage] * scale, "s/50,000 words", peer=peer, ratio=ratio))
    found.append(Figure("data.split", best["split"] * scale, "s/50,000 words"))
    found.append(Figure("data.small", best["small"] * 1e3, f"ms/{_SMALL_WORDS} words"))
    return found


def _samples(aligned: AlignedLexicon, threads: int) -> Samples:
    templates = parse_templates(DEFAULT_TEMPLATES)
    classes, candidates = sound_classes(aligned), build_candidates(aligned)
    return word_samples(aligned, classes, candidates, templates, threads=threads)


def _path(path: Path, threads: int) -> Samples:
    """Go the whole way from a file to samples."""
    lexicon = read_lexicon(path)
    fingerprint(split_lexicon(lexicon).train.entries)
    return _samples(align(lexicon.entries, threads=threads), threads)


def _cut(path: Path) -> list[tuple[str, str]]:
    """Do the least that a reader does, in plain Python."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [(word, ipa) for word, _, ipa in (line.partition("\t") for line in lines)]


def _random_edges(aligned: AlignedLexicon) -> NDArray[np.int32]:
    """Draw as many numbers as the lattices have edges, most of them small, as frequent pairs have."""
    lengths = np.array([len(chunk) for chunk in aligned.chunks])
    n_segments = np.add.reduceat(lengths[aligned.chunk], aligned.offsets[:-1])
    one, many = DEFAULT_ALIGNMENT.max_segments, DEFAULT_ALIGNMENT.max_letters
    steps = np.array([(1, said) for said in range(one + 1)] + [(by, 1) for by in range(2, many + 1)])
    n_edges = int(list_shapes(np.diff(aligned.offsets), n_segments, steps, one).edge_offsets[-1])
    generator = np.random.default_rng(1)
    return (generator.random(n_edges) ** 4 * (n_edges / 8)).astype(np.int32)


@njit(cache=True, nogil=True)
def _gather_and_scatter(
    edges: NDArray[np.int32], numbers: NDArray[np.float64], sums: NDArray[np.float64]
) -> None:
    for edge in range(edges.shape[0]):
        sums[edges[edge]] += numbers[edges[edge]]


def _memory(path: Path) -> Figure:
    """Let another process go the way, and ask what it needed at most."""
    program = [sys.executable, "-m", "benchmarks.speed.data_path", str(path)]
    root = Path(__file__).parents[2]
    answer: dict[str, Any] = json.loads(
        subprocess.run(program, cwd=root, check=True, capture_output=True, text=True).stdout
    )
    return Figure("data.peak", answer["bytes"] / answer["values"], "bytes/(sample x feature)", bound=_BYTES)


def _peak_bytes() -> int:
    """Read the most memory that this process has held so far; Linux alone tells it for a single program."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return peak_bytes(resource.getrusage(resource.RUSAGE_SELF))


def _main(path: Path) -> None:
    """Print by how many bytes the way from a file to samples raises the peak, and for how many values."""
    _path_of_few(path)  # the compiled loops, and what else is loaded once
    before = _peak_bytes()
    samples = _path(path, 2)
    print(json.dumps({"bytes": _peak_bytes() - before, "values": samples.n_samples * samples.n_templates}))


def _path_of_few(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, path.open(encoding="utf-8") as lines:
        few = Path(folder) / "few.tsv"
        few.write_text("".join(line for line, _ in zip(lines, range(_SMALL_WORDS), strict=False)), "utf-8")
        _path(few, 2)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
