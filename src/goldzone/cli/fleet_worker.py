"""What a worker of ``goldzone train-all`` runs: ``python -m goldzone.cli.fleet_worker``."""

from __future__ import annotations

from functools import partial

__all__ = ["main"]


def main() -> None:
    """Train languages for the process that started this one."""
    from goldzone.fleet.language_run import train_language
    from goldzone.fleet.worker import work_for_parent
    from goldzone.monitor.notify import AlertListener

    work_for_parent(partial(train_language, alerts=AlertListener))


if __name__ == "__main__":
    main()
