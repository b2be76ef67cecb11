"""The decorator of all kernels: compiled at the first call, and kept for later runs."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import numba
from numba import njit

from goldzone.compilation.cache_folder import CacheFolder, find_cache_folder

__all__ = ["LOGGER", "compiled"]

LOGGER = logging.getLogger("goldzone.compilation")
"""Says once in a process that code is being compiled, and where it is kept or why it is not."""

_NUMBA: Any = numba.config

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])

_deciding = threading.Lock()


def compiled(function: _FunctionT) -> _FunctionT:
    """Make a kernel of a function: a loop over plain arrays that numba compiles at its first call.

    Kernels run without Python's global lock, so that threads can share out the work.

    Machine code is taken from the cache (`goldzone.compilation.cache_folder`) where it is there. A cache that
    is damaged, full or gone never fails a call: the kernel is then compiled.

    Parameters
    ----------
    function : callable
        What it uses of other modules of goldzone must come from modules with kernels: only the text of these
        decides whether cached code is still good.
    """
    with _deciding:
        kernel = _kernel(function)
    # Where numba is told not to compile, a kernel is the function itself.
    if (cache := getattr(kernel, "_cache", None)) is not None:
        kernel._cache = _PatientCache(cache)
    return cast(_FunctionT, kernel)  # callers see the function's own types


def _kernel(function: Callable[..., Any]) -> Any:
    folder = _folder().path
    if folder is not None:
        with contextlib.suppress(RuntimeError), _caching_in(str(folder)):  # numba finds no place either
            return njit(cache=True, nogil=True)(function)
    return njit(nogil=True)(function)


@functools.cache
def _folder() -> CacheFolder:
    return find_cache_folder(_NUMBA.CACHE_DIR)


@contextlib.contextmanager
def _caching_in(folder: str) -> Iterator[None]:
    """Let numba place the caches of functions decorated in here, and of no others, in a folder."""
    before = _NUMBA.CACHE_DIR
    _NUMBA.CACHE_DIR = folder
    try:
        yield
    finally:
        _NUMBA.CACHE_DIR = before


class _PatientCache:
    """The cache of one kernel: says when it has to compile, and gets over damaged and full folders.

    Parameters
    ----------
    cache : numba.core.caching.FunctionCache
        Numba's own.
    """

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def load_overload(self, signature: object, context: object) -> object | None:
        """Return kept code for argument types, or None: numba compiles then."""
        try:
            code: object | None = self._cache.load_overload(signature, context)
        except Exception:  # a damaged file: unpickling it may raise anything
            code = None
            with contextlib.suppress(OSError):
                self._cache.flush()
        if code is None:
            _announce()
        return code

    def save_overload(self, signature: object, code: object) -> None:
        """Keep code that was compiled."""
        try:
            self._cache.save_overload(signature, code)
        except OSError as error:
            _complain(error.strerror or str(error))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)


@functools.cache
def _announce() -> None:
    folder = _folder()
    if folder.path is None:
        LOGGER.warning("compiling for this processor, anew in each run: %s", _advice(folder))
    elif folder.problem:
        LOGGER.warning("compiling for this processor, kept in %s: %s", folder.path, _advice(folder))
    else:
        LOGGER.info("compiling for this processor, once: it takes seconds, and is kept in %s", folder.path)


def _advice(folder: CacheFolder) -> str:
    return f"{folder.problem}; set NUMBA_CACHE_DIR to a folder of yours"


@functools.cache
def _complain(problem: str) -> None:
    LOGGER.warning("compiled code cannot be kept for later runs: %s: %s", _folder().path, problem)
