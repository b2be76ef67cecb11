"""What a worker of ``goldzone train-all`` runs: ``python -m goldzone.cli.fleet_worker``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldzone.fleet.jobs import LanguageJob

__all__ = ["main"]


def main() -> None:
    """Train languages for the process that started this one."""
    from goldzone.fleet.language_run import train_language
    from goldzone.fleet.worker import work_for_parent
    from goldzone.monitor.alert_listener import AlertListener
    from goldzone.monitor.alert_settings import run_config_from_toml

    def alerts(job: LanguageJob) -> AlertListener:
        return AlertListener(run_config_from_toml(job.alerts, f"alerts of {job.name}").alerts, job.name)

    work_for_parent(partial(train_language, alerts=alerts))


if __name__ == "__main__":
    main()
