"""Pictures of the dashboard for the documents: a run of the built-in Slovak sample in a headless Chromium.

    python -m benchmarks.screenshots [--out docs/pictures]

Needs playwright and a chromium on the path.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

from benchmarks import command
from goldzone.errors import GoldzoneError
from goldzone.monitor.dashboard.app import Dashboard, dashboard_server
from goldzone.monitor.dashboard.views import run_id

_LAW = '[capacity]\ncontroller = "law"\n[selection]\nstrategy = "gold_zone"\n'


def main() -> None:
    """Train, serve, and take the pictures."""
    parser = command.parser(__doc__)
    parser.add_argument("--out", type=command.folder, default=Path("docs/pictures"))
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        raise GoldzoneError("there is no chromium on the path; install it")
    with tempfile.TemporaryDirectory() as name:
        runs = Path(name) / "runs"
        for run, config in (("slovak", ""), ("slovak-law", _LAW)):
            command.train("slovak", runs / run, words=1200, config=config)
        _take(chromium, runs, options.out)


def _take(chromium: str, runs: Path, out: Path) -> None:
    from playwright.sync_api import sync_playwright

    dashboard = Dashboard([runs], lambda run, text: text)
    with dashboard_server(dashboard, "127.0.0.1", 0, None) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        at = f"http://127.0.0.1:{server.server_port}/#/run/{run_id(runs / 'slovak-law')}"
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, scheme, width in (("dashboard", "light", 1200), ("dashboard-dark", "dark", 400)):
            context = browser.new_context(viewport={"width": width, "height": 860})
            page = context.new_page()
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.goto(at)
            page.wait_for_selector("section[aria-label='Network'] [role=button]")
            page.screenshot(path=out / f"{name}.png")
            context.close()
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    command.main(main)
