"""Each test compiles one tiny kernel in processes of its own, with a cache that nobody else has."""

from __future__ import annotations

import errno
import gc
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numba.core.compiler
import numpy as np
import pytest

import goldzone
from goldzone.compilation import decorator
from goldzone.compilation.cache_folder import CacheFolder
from goldzone.compilation.decorator import compiled, compiled_part

KERNEL = """
from goldzone.compilation.decorator import compiled
@compiled
def add(a, b):
    return a + b
"""
CALL = "import logging; logging.basicConfig(level=logging.INFO, format='%(message)s')\n"
CALL += "from tiny import add; print(add(2, 3)); add(2.0, 3.0)  # compiled twice, said once"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder to import from, with a kernel in it."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "tiny.py").write_text(KERNEL)
    return folder


def surroundings(tree: Path, cache: Path | str, **others: str) -> dict[str, str]:
    package = str(Path(goldzone.__file__).parents[1])
    names = {"PYTHONPATH": os.pathsep.join([str(tree), package]), "NUMBA_CACHE_DIR": str(cache)}
    return {**os.environ, **names, "PYTHONDONTWRITEBYTECODE": "1", **others}


def run(code: str, env: dict[str, str]) -> tuple[str, str]:
    """Return what code prints, and what it says of compiling."""
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip(), finished.stderr


def test_code_is_compiled_once_with_a_line_that_says_so_and_nothing_beside_the_source(
    tree: Path, tmp_path: Path
) -> None:
    env = surroundings(tree, tmp_path / "cache")
    out, said = run(CALL, env)
    assert out == "5"
    assert said.startswith("compiling for this processor, once: ")
    assert said.rstrip().endswith(str(next((tmp_path / "cache" / "goldzone").iterdir())))
    assert said.count("\n") == 1
    assert run(CALL, env) == ("5", "")
    assert [path.name for path in tree.iterdir()] == ["tiny.py"]


def test_without_any_folder_kernels_work_and_one_line_says_why_even_without_logging(
    tree: Path, tmp_path: Path
) -> None:
    env = surroundings(tree, "", HOME=str(tree / "tiny.py"), XDG_CACHE_HOME="")
    no_temporary = f"import tempfile; tempfile.tempdir = {str(tree / 'tiny.py')!r}\n"
    out, said = run(no_temporary + "from tiny import add; print(add(2, 3))", env)
    assert out == "5"
    assert said.startswith("compiling for this processor, anew in each run: ")
    assert said.endswith("; set NUMBA_CACHE_DIR to a folder of yours\n")
    assert said.count("\n") == 1


def test_with_a_temporary_folder_only_a_line_says_that_it_is_one(tree: Path, tmp_path: Path) -> None:
    home = str(tree / "tiny.py")
    env = surroundings(tree, "", HOME=home, XDG_CACHE_HOME="", TMPDIR=str(tmp_path))
    out, said = run(CALL, env)
    assert out == "5"
    assert f"kept in {tmp_path}/goldzone-" in said
    assert run(CALL, env) == ("5", "")


def test_a_kernel_of_another_module_that_changed_is_compiled_again(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    ignored = shutil.ignore_patterns("__pycache__", "*.tsv*")
    shutil.copytree(Path(goldzone.__file__).parent, tree / "goldzone", ignore=ignored)
    inner, outer = tree / "goldzone/inner.py", tree / "goldzone/outer.py"
    head = "from goldzone.compilation.decorator import compiled\n"
    inner.write_text(head + "@compiled\ndef one():\n    return 1\n")
    outer.write_text(head + "from goldzone.inner import one\n@compiled\ndef call():\n    return one()\n")
    env = surroundings(tree, tmp_path / "cache")
    assert run("from goldzone.outer import call; print(call())", env)[0] == "1"
    before = inner.stat()
    inner.write_text(head + "@compiled\ndef one():\n    return 2\n")
    # As an installer leaves it that gives every file one date.
    os.utime(inner, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run("from goldzone.outer import call; print(call())", env)[0] == "2"


def test_a_damaged_cache_is_compiled_again_and_repaired(tree: Path, tmp_path: Path) -> None:
    env = surroundings(tree, tmp_path / "cache")
    run(CALL, env)
    for kind in ("nbi", "nbc"):
        for path in (tmp_path / "cache").rglob(f"*.{kind}"):
            path.write_bytes(path.read_bytes()[:20])
        out, said = run(CALL, env)
        assert out == "5"
        assert "compiling" in said
        assert run(CALL, env) == ("5", "")


def test_a_wrong_bit_of_the_code_is_not_run_but_compiled_again(tree: Path, tmp_path: Path) -> None:
    env = surroundings(tree, tmp_path / "cache")
    number = 0x0123_4567
    (tree / "tiny.py").write_text(KERNEL.replace("a + b", f"a + b + {number}"))
    call = CALL.partition("; add(2.0")[0]
    expected, _ = run(call, env)
    for path in (tmp_path / "cache").rglob("*.nbc"):
        data = path.read_bytes()
        assert number.to_bytes(4, "little") in data
        path.write_bytes(data.replace(number.to_bytes(4, "little"), (number ^ 1).to_bytes(4, "little")))
    out, said = run(call, env)
    assert out == expected == str(number + 5)
    assert "compiling" in said
    assert run(call, env) == (expected, "")


def test_processes_that_compile_at_once_share_one_cache(tree: Path, tmp_path: Path) -> None:
    env = surroundings(tree, tmp_path / "cache")
    code = "from tiny import add; print('ready', flush=True); input(); print(add(2, 3), add(2., 3.))"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0] for process in processes] == ["5 5.0\n"] * 2
    assert run(CALL, env) == ("5", "")


def test_numba_without_its_compiler_leaves_the_function(tree: Path, tmp_path: Path) -> None:
    env = surroundings(tree, tmp_path / "cache", NUMBA_DISABLE_JIT="1")
    assert run("from tiny import add; print(type(add).__name__, add(2, 3))", env) == ("function 5", "")


def test_the_caches_of_other_packages_stay_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Any = numba.config
    decorator._folder()
    monkeypatch.setattr(settings, "CACHE_DIR", str(tmp_path))
    kernel: Any = compiled(plus_one)
    now = settings.CACHE_DIR
    assert now == str(tmp_path)
    assert tmp_path not in Path(kernel.stats.cache_path).parents


def plus_one(number: int) -> int:
    return number + 1


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    def save(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "a.tmp.1")

    decorator._folder.cache_clear()
    decorator._complain.cache_clear()
    monkeypatch.setattr(decorator, "find_cache_folder", lambda _: CacheFolder(tmp_path))
    monkeypatch.setattr("numba.core.caching.FunctionCache.save_overload", save)
    yield
    decorator._folder.cache_clear()
    decorator._complain.cache_clear()


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_fails_no_call_and_is_said_once(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    kernel: Any = compiled(plus_one)
    with caplog.at_level(logging.WARNING, "goldzone.compilation"):
        assert kernel(1) == 2
        assert kernel(np.float64(1)) == 2
    said = [record.getMessage() for record in caplog.records if "kept" in record.getMessage()]
    assert said == [f"compiled code cannot be kept for later runs: {tmp_path}: No space left on device"]


@compiled_part
def _doubled(number: int) -> int:
    return 2 * number


@compiled
def doubled_plus_one(number: int) -> int:
    return _doubled(number) + 1


def test_a_part_serves_kernels() -> None:
    assert doubled_plus_one(3) == 7


def test_the_collector_rests_while_code_is_compiled_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work: list[bool] = []
    compiler: Any = numba.core.compiler
    compile_extra = compiler.compile_extra

    def watched(*arguments: Any, **options: Any) -> Any:
        at_work.append(gc.isenabled())
        return compile_extra(*arguments, **options)

    monkeypatch.setattr(compiler, "compile_extra", watched)
    assert gc.isenabled()
    kernel: Any = numba.njit(lambda number: number - 1)
    assert kernel(3) == 2
    assert at_work == [False]
    assert gc.isenabled()
    with pytest.raises(numba.TypingError):
        kernel("three")
    assert gc.isenabled()
    gc.disable()
    try:
        assert kernel(3.5) == 2.5
        assert not gc.isenabled()
    finally:
        gc.enable()
