"""The pages in a real browser: what is shown, live, by keyboard, dark, small, and to a screen reader."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldzone.monitor.dashboard.views import run_id
from goldzone.training.runs.event_log import EventLog, read_events
from goldzone.training.runs.events import AlertClosed, AlertOpened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Serve = Callable[..., AbstractContextManager[str]]
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium; install it to drive the pages"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose console must stay empty, and which must ask nobody else."""
    context = browser.new_context()
    found = context.new_page()
    said: list[str] = []
    found.on("console", lambda message: said.append(message.text))
    found.on("pageerror", lambda error: said.append(str(error)))
    found.on("request", lambda request: said.append(request.url) if is_foreign(request.url) else None)
    yield found
    context.close()
    # The last test's server may end before the page that asks it once a second.
    assert [text for text in said if "ERR_CONNECTION_REFUSED" not in text] == []


def is_foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "data:", "blob:http://127.0.0.1:"))


def check_access(page: Page) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found] == []


def test_all_runs_are_listed_searched_sorted_and_compared(page: Page, serve: Serve, recorded: Path) -> None:
    with serve(recorded) as at:
        page.goto(at)
        page.wait_for_selector("tbody tr >> nth=1")
        check_access(page)
        page.fill("[aria-label='search runs']", "narr")
        page.wait_for_selector("tbody tr >> nth=1", state="detached")
        page.fill("[aria-label='search runs']", "")
        page.wait_for_selector("tbody tr >> nth=1")
        page.click("[aria-label='sort by path']")
        page.wait_for_selector("text=by path")
        for name in ("narrow", "wide"):
            page.check(f"[aria-label='compare {recorded / name}']")
        page.click("text=Compare")
        page.wait_for_selector("text=Side by side")
        assert page.locator("section[aria-label='Dev accuracy'] polyline").count() == 2
        check_access(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_run_is_shown_with_its_neurons(
    browser: Browser, page: Page, serve: Serve, recorded: Path, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    with serve(recorded) as at:
        page.goto(f"{at}/#/run/{run_id(recorded / 'narrow')}")
        page.wait_for_selector("section[aria-label='Network'] [role=button]")
        assert page.locator("section[aria-label='Network'] [role=button]").count() == 21
        assert page.locator("section[aria-label='Accuracy'] polyline").count() == 2
        page.click("[aria-label^='neuron 1.3,']")
        page.wait_for_selector("section[aria-label='Neuron 1.3'] tbody tr >> nth=2")
        page.fill("[aria-label='words to say']", "ahoj svet")
        page.press("[aria-label='words to say']", "Enter")
        page.wait_for_selector("text=narrow says ahoj svet")
        check_access(page)


def test_the_keyboard_reaches_the_neurons(page: Page, serve: Serve, recorded: Path) -> None:
    with serve(recorded) as at:
        page.goto(f"{at}/#/run/{run_id(recorded / 'narrow')}")
        page.focus("[aria-label^='neuron 1.0,']")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.wait_for_selector("section[aria-label='Neuron 1.1']")


def test_a_narrow_screen_needs_no_scrolling_sideways(page: Page, serve: Serve, recorded: Path) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    with serve(recorded) as at:
        for where in ("", f"#/run/{run_id(recorded / 'wide')}"):
            page.goto(f"{at}/{where}")
            page.wait_for_selector("table")
            assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_run_appears_step_by_step_and_alerts_open_and_close(
    page: Page, serve: Serve, recorded: Path, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "live"
    shutil.copytree(recorded / "narrow", run)
    events = [event for _, event in read_events(run / "events.jsonl")]
    (run / "events.jsonl").unlink()
    alert: dict[str, Any] = {
        "rule": "standstill",
        "layer": None,
        "severity": "critical",
        "sweep": 1,
        "value": 9.0,
        "threshold": 5.0,
    }
    with EventLog(run / "events.jsonl") as log, serve(tmp_path / "runs") as at:
        page.goto(f"{at}/#/run/{run_id(run)}")
        page.wait_for_selector("text=It has not begun")
        half = len(events) // 2
        for event in events[:half]:
            log.write(event)
        log.write(AlertOpened(message="it hangs here", **alert))
        page.wait_for_selector("section[aria-label='Alerts'] >> text=it hangs here")
        assert page.locator("section[aria-label='Alerts'] .bad").inner_text() == "open"
        log.write(AlertClosed(message="it goes on", **alert))
        for event in events[half:]:
            log.write(event)
        page.wait_for_selector("section[aria-label='Alerts'] >> text=closed in sweep 1")
        page.wait_for_selector("text=finished")


def test_a_hostile_name_is_text(page: Page, serve: Serve, recorded: Path, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>"
    shutil.copytree(recorded / "narrow", tmp_path / "runs" / name)
    with serve(tmp_path / "runs") as at:
        page.goto(at)
        page.wait_for_selector(f"text={name}")
        assert page.locator("main img").count() == 0


def test_a_folder_without_runs_says_what_to_do(page: Page, serve: Serve, tmp_path: Path) -> None:
    with serve(tmp_path) as at:
        page.goto(at)
        page.wait_for_selector("text=goldzone train slovak")


def test_a_chart_is_saved_as_picture_and_as_rows(page: Page, serve: Serve, recorded: Path) -> None:
    with serve(recorded) as at:
        page.goto(f"{at}/#/run/{run_id(recorded / 'narrow')}")
        with page.expect_download() as saved:
            page.click("[aria-label='Accuracy: save as CSV']")
        rows = Path(saved.value.path()).read_text().splitlines()
        assert rows[0] == "sweep,train,dev,phase"
        assert len(rows) == 4
        with page.expect_download() as saved:
            page.click("[aria-label='Accuracy: save as PNG']")
        assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
