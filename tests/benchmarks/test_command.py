from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.command import main


def test_what_the_system_refuses_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def write() -> None:
        (tmp_path / "missing" / "figures.json").write_text("{}")

    with pytest.raises(SystemExit) as ended:
        main(write)
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}/missing/figures.json: No such file or directory; check the path\n"
    )


def test_an_interrupt_is_one_word(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        main(interrupt)
    assert (ended.value.code, capsys.readouterr().err) == (130, "interrupted\n")
