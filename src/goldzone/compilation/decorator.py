"""The decorator of all kernels: compiled at the first call, and kept for later runs."""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import numba
import numba.core.event

from goldzone.compilation.cache_folder import CacheFolder, find_cache_folder
from goldzone.compilation.sealed_files import sealed

__all__ = ["LOGGER", "compiled", "compiled_part"]

LOGGER = logging.getLogger("goldzone.compilation")
"""Says once in a process that code is being compiled, and where it is kept or why it is not."""

_NUMBA: Any = numba.config
_EVENTS: Any = numba.core.event
_NJIT: Any = numba.njit

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])

_deciding = threading.Lock()


def compiled(function: _FunctionT) -> _FunctionT:
    """Make a kernel of a function: a loop over plain arrays that numba compiles at its first call.

    Kernels run without Python's global lock, so that threads can share out the work.

    Machine code is taken from the cache (`goldzone.compilation.cache_folder`) where it is there. A cache that
    is damaged, full or gone never fails a call: the kernel is then compiled. Code runs only if it matches its
    checksum (`goldzone.compilation.sealed_files`).

    Parameters
    ----------
    function : callable
        What it uses of other modules of goldzone must come from modules with kernels: only the text of these
        decides whether cached code is still good.
    """
    return _decorated(function, {})


def compiled_part(function: _FunctionT) -> _FunctionT:
    """Make a part of a kernel, as `compiled` does, that only kernels can call.

    Without the code by which Python would call it, which takes a tenth of all compiling.
    """
    return _decorated(function, {"no_cpython_wrapper": True})


def _decorated(function: _FunctionT, options: dict[str, bool]) -> _FunctionT:
    with _deciding:
        kernel = _kernel(function, options)
    # Where numba is told not to compile, a kernel is the function itself.
    if (cache := getattr(kernel, "_cache", None)) is not None:
        kernel._cache = _PatientCache(cache)
    return cast(_FunctionT, kernel)  # callers see the function's own types


def _kernel(function: Callable[..., Any], options: dict[str, bool]) -> Any:
    folder = _folder().path
    if folder is not None:
        with contextlib.suppress(RuntimeError), _caching_in(str(folder)):  # numba finds no folder either
            return _NJIT(cache=True, nogil=True, **options)(function)
    return _NJIT(nogil=True, **options)(function)


@functools.cache
def _folder() -> CacheFolder:
    return find_cache_folder(_NUMBA.CACHE_DIR)


@contextlib.contextmanager
def _caching_in(folder: str) -> Iterator[None]:
    """Let numba put the caches of functions decorated in here, and of no others, in a folder."""
    before = _NUMBA.CACHE_DIR
    _NUMBA.CACHE_DIR = folder
    try:
        yield
    finally:
        _NUMBA.CACHE_DIR = before


class _PatientCache:
    """The cache of one kernel: says when it has to compile, and gets over damaged and full folders."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache
        if hasattr(cache, "_cache_file"):  # not where nothing is cached
            cache._cache_file = sealed(cache._cache_file)

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


class _CollectorPause(_EVENTS.Listener):  # type: ignore[misc] # numba has no types for events
    """Lets Python's garbage collector rest while code is compiled.

    The compiler makes millions of objects and hardly any garbage; walking them again and again takes a
    seventh of its time. Numba compiles under a lock of its own, so events come from one thread at a time.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._was_enabled = False

    def on_start(self, event: object) -> None:
        if self._depth == 0:
            self._was_enabled = gc.isenabled()
            gc.disable()
        self._depth += 1

    def on_end(self, event: object) -> None:
        self._depth -= 1
        if self._depth == 0 and self._was_enabled:
            gc.enable()


_EVENTS.register("numba:compile", _CollectorPause())
