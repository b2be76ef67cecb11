"""The records of a sum cache as a table in a file."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from goldzone.errors import GoldzoneError, StateError
from goldzone.storage.files import write_atomically
from goldzone.training.sums.cache import SumCache

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "write_table"]


def write_table(cache: SumCache, path: str | os.PathLike[str]) -> None:
    """Write the records in the format that the file's name ends with: one of `FORMATS`.

    The columns are those of `SumCache.columns`; a number that is not known is null, in CSV an empty field.
    CSV is UTF-8 with a head and lines that end with a line feed; each number reads back exactly.

    Raises
    ------
    StateError
        If the ending is another, or the file cannot be written.
    GoldzoneError
        If pyarrow is needed and not installed.
    """
    ending = Path(path).suffix.casefold()
    if ending not in FORMATS:
        raise StateError(f"{path}: is of no known format; give a name that ends with {', '.join(FORMATS)}")
    write_atomically(path, FORMATS[ending](cache), error=StateError)


def _csv(cache: SumCache) -> bytes:
    columns = cache.columns()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    # None, which CSV leaves empty, for NaN.
    known = ([None if v != v else v for v in column.tolist()] for column in columns.values())  # noqa: PLR0124
    writer.writerows(zip(*known, strict=True))
    return text.getvalue().encode()


def _parquet(cache: SumCache) -> bytes:
    table, stream = _arrow(cache), io.BytesIO()
    import pyarrow.parquet as pq

    pq.write_table(table, stream)
    return stream.getvalue()


def _feather(cache: SumCache) -> bytes:
    table, stream = _arrow(cache), io.BytesIO()
    from pyarrow import ipc

    with ipc.new_file(stream, table.schema) as writer:  # Feather, version 2, is Arrow's file format
        writer.write_table(table)
    return stream.getvalue()


def _arrow(cache: SumCache) -> pa.Table:
    try:
        import pyarrow as pa
    except ImportError:
        raise GoldzoneError("pyarrow is not installed; pip install 'goldzone[tables]'") from None
    columns: dict[str, Any] = {
        name: pa.array(values, pa.string() if name == "run" else None, from_pandas=True)
        for name, values in cache.columns().items()
    }
    return pa.table(columns)


FORMATS: Final[dict[str, Callable[[SumCache], bytes]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".feather": _feather,
}
"""Functions that return a file's bytes, by the ending of its name."""
