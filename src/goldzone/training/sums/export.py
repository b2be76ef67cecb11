"""The records of a sum cache as a table: pandas, Arrow, or a file."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from goldzone.errors import GoldzoneError, StateError
from goldzone.storage.files import write_atomically
from goldzone.training.sums.store import RecordStore

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["WRITERS", "to_arrow", "to_pandas", "write_csv", "write_table"]

_ADVICE: Final = "is not installed; pip install 'goldzone[tables]'"


def to_pandas(cache: RecordStore) -> pd.DataFrame:
    """Return the records as a data frame, in the order in which they were appended.

    Columns are those of `RecordStore.columns`.

    Raises
    ------
    GoldzoneError
        If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise GoldzoneError(f"pandas {_ADVICE}") from None
    return pd.DataFrame(cache.columns())


def to_arrow(cache: RecordStore) -> pa.Table:
    """Return the records as an Arrow table; numbers that are not known are null (else as `to_pandas`).

    Raises
    ------
    GoldzoneError
        If pyarrow is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise GoldzoneError(f"pyarrow {_ADVICE}") from None
    columns = {
        name: pa.array(values, pa.string() if name == "run" else None, from_pandas=True)
        for name, values in cache.columns().items()
    }
    return pa.table(columns)


def write_csv(cache: RecordStore, path: str | os.PathLike[str]) -> None:
    """Write the records as CSV: UTF-8, the columns' names first, lines that end with a line feed.

    Each number is written so that it reads back exactly; one that is not known is an empty field.

    Raises
    ------
    StateError
        If the file cannot be written.
    """
    columns = cache.columns()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    known = ([_known(value) for value in column.tolist()] for column in columns.values())
    writer.writerows(zip(*known, strict=True))
    write_atomically(path, text.getvalue().encode(), error=StateError)


def write_table(cache: RecordStore, path: str | os.PathLike[str]) -> None:
    """Write the records in the format that the file's name ends with: one of `WRITERS`.

    Raises
    ------
    StateError
        If the ending is another, or the file cannot be written.
    GoldzoneError
        If pyarrow is needed and not installed.
    """
    ending = Path(path).suffix.casefold()
    if ending not in WRITERS:
        raise StateError(f"{path}: is of no known format; give a name that ends with {', '.join(WRITERS)}")
    WRITERS[ending](cache, path)


def _write_parquet(cache: RecordStore, path: str | os.PathLike[str]) -> None:
    table = to_arrow(cache)
    import pyarrow.parquet as pq

    data = io.BytesIO()
    pq.write_table(table, data)
    write_atomically(path, data.getvalue(), error=StateError)


def _write_feather(cache: RecordStore, path: str | os.PathLike[str]) -> None:
    table = to_arrow(cache)
    from pyarrow import ipc

    data = io.BytesIO()
    with ipc.new_file(data, table.schema) as stream:  # Feather, version 2, is Arrow's file format
        stream.write_table(table)
    write_atomically(path, data.getvalue(), error=StateError)


def _known(value: Any) -> Any:
    """Return the value, or None, which CSV leaves empty, for NaN."""
    return None if value != value else value  # noqa: PLR0124


WRITERS: Final[dict[str, Callable[[RecordStore, str | os.PathLike[str]], None]]] = {
    ".csv": write_csv,
    ".parquet": _write_parquet,
    ".feather": _write_feather,
}
"""Functions that write a file, by the ending of its name."""
