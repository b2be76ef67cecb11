"""Samples that are already numbers: read from a file, checked, and split by what they hold.

A sample is a label and one or more 32-bit inputs. Its part (train, dev, test) follows from a hash of its
inputs alone: samples with the same inputs stay together, whatever their labels, and in whichever file and
order they come.
"""

from __future__ import annotations

import csv
import hashlib
import zipfile
import zlib
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.data.split import Split
from goldzone.errors import DataError

__all__ = ["EncodedSamples", "as_inputs", "as_samples", "first_samples", "read_samples", "split_samples"]

_IntegerT = TypeVar("_IntegerT", bound=np.integer)

_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}
_PREFIX: Final = b"goldzone split samples 1\0"
_SHOWN: Final = 60


@dataclass(frozen=True, eq=False)
class EncodedSamples:
    """What a network learns from, or is judged by."""

    inputs: NDArray[np.uint32]
    """uint32[n_samples, n_inputs]: one column may serve all neurons of a first layer."""
    outputs: NDArray[np.uint16]
    """uint16[n_samples]: labels; bit j is output bit j."""

    def __len__(self) -> int:
        return self.outputs.size

    def fingerprint(self) -> str:
        """Return the SHA-256, in hex, of all samples in their order."""
        shape = f"{self.inputs.shape}\0".encode()
        digest = hashlib.sha256(shape + self.inputs.astype("<u4").tobytes())
        digest.update(self.outputs.astype("<u2").tobytes())
        return digest.hexdigest()

    def some(self, chosen: NDArray[np.bool_]) -> EncodedSamples:
        """Return the chosen samples, in their order: bool[n_samples]."""
        return EncodedSamples(self.inputs[chosen], self.outputs[chosen])


def as_inputs(inputs: ArrayLike, name: str = "samples") -> NDArray[np.uint32]:
    """Check the inputs of samples, as `as_samples` does."""
    rows = np.asarray(inputs)
    if rows.ndim != 2 or not rows.size:
        raise DataError(f"{name}: inputs have shape {rows.shape}; give (samples, inputs of each), neither 0")
    return _integers(rows, np.uint32, f"{name}: inputs")


def as_samples(inputs: ArrayLike, outputs: ArrayLike, name: str = "samples") -> EncodedSamples:
    """Check arrays of samples.

    Parameters
    ----------
    inputs : int[n_samples, n_inputs]
        Each in 0 .. 2**32 - 1.
    outputs : int[n_samples]
        Each in 0 .. 65535.
    name : str
        What messages call them, such as the file.

    Raises
    ------
    DataError
        They have another shape or type, a number is out of range, or there are none.
    """
    rows, labels = as_inputs(inputs, name), np.asarray(outputs)
    if labels.shape != rows.shape[:1]:
        raise DataError(f"{name}: {len(rows)} samples, outputs of shape {labels.shape}; give one for each")
    return EncodedSamples(rows, _integers(labels, np.uint16, f"{name}: outputs"))


def read_samples(path: Path) -> EncodedSamples:
    """Read samples from a file.

    Parameters
    ----------
    path : Path
        ``.csv`` or ``.tsv``: a sample on each line, first its label, then its inputs; a first line whose
        label is no number is a header. ``.npz``: the arrays ``inputs`` and ``outputs`` of `as_samples`.

    Raises
    ------
    DataError
        The file cannot be read, or holds something else; of a text the message names the line.
    """
    suffix = path.suffix.lower()
    if suffix != ".npz" and suffix not in _DELIMITERS:
        raise DataError(f"{path}: is no file of samples; give one that ends in .csv, .tsv or .npz")
    try:
        return _read_arrays(path) if suffix == ".npz" else _read_text(path, _DELIMITERS[suffix])
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); check the path") from None


def split_samples(samples: EncodedSamples, fractions: tuple[float, float, float]) -> Split[EncodedSamples]:
    """Split samples by a hash of their inputs; parts may be empty.

    Fractions are shares of train, dev and test, which add up to 1; raising the first only moves samples into
    train.
    """
    share = (_hashes(samples)[:, 0] >> np.uint64(11)) * 2.0**-53  # in [0, 1), exact
    part = np.searchsorted([fractions[0], fractions[0] + fractions[1]], share, side="right")
    train, dev, test = (samples.some(part == number) for number in range(3))
    return Split(train, dev, test)


def first_samples(samples: EncodedSamples, count: int) -> EncodedSamples:
    """Take the first `count` samples in the order of a hash that the split does not read."""
    order = np.argsort(_hashes(samples)[:, 1], kind="stable")
    chosen = np.zeros(len(samples), dtype=np.bool_)
    chosen[order[:count]] = True
    return samples.some(chosen)


def _hashes(samples: EncodedSamples) -> NDArray[np.uint64]:
    """Return the SHA-256 of each sample's inputs: uint64[n_samples, 4]."""
    rows = samples.inputs.astype("<u4")
    digests = [hashlib.sha256(_PREFIX + row.tobytes()).digest() for row in rows]
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64).reshape(-1, 4)


def _integers(values: NDArray[np.generic], dtype: type[_IntegerT], what: str) -> NDArray[_IntegerT]:
    limits = np.iinfo(dtype)
    if values.dtype.kind not in "iub" or not limits.min <= values.min() <= values.max() <= limits.max:
        raise DataError(f"{what} are not all integers in {limits.min}..{limits.max}; correct them")
    return values.astype(dtype)


def _read_arrays(path: Path) -> EncodedSamples:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return as_samples(arrays["inputs"], arrays["outputs"], str(path))
    except KeyError:
        raise DataError(f"{path}: lacks an array; save both, inputs and outputs (numpy.savez)") from None
    except (TypeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):  # TypeError: a single array
        raise DataError(f"{path}: is damaged or no .npz file; write it with numpy.savez") from None


def _read_text(path: Path, delimiter: str) -> EncodedSamples:
    labels, inputs, width = array("H"), array("I"), 0
    row: list[str] = []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream, delimiter=delimiter)
        try:
            for row in rows:
                if not row or (rows.line_num == 1 and not _is_number(row[0])):
                    continue
                width = width or len(row) - 1
                if len(row) - 1 != width or not width:
                    expected = f"{width} inputs, as the lines before" if width else "inputs"
                    raise DataError(
                        f"{path}:{rows.line_num}: has {len(row) - 1} inputs; give a label and {expected}"
                    )
                labels.append(int(row[0]))
                inputs.extend(map(int, row[1:]))
        except UnicodeDecodeError:
            raise DataError(f"{path}: is not UTF-8; give a text of numbers") from None
        except (ValueError, OverflowError, csv.Error):
            text = delimiter.join(row)[:_SHOWN]
            raise DataError(
                f"{path}:{rows.line_num}: {text!r} is no sample; give a label in 0..65535, "
                "then inputs in 0..4294967295"
            ) from None
    if not labels:
        raise DataError(f"{path}: holds no samples; give a label and its inputs on each line")
    return EncodedSamples(
        np.array(inputs, dtype=np.uint32).reshape(-1, width), np.array(labels, dtype=np.uint16)
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
