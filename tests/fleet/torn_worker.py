"""A worker that is cut off in the middle of a report: ``python -m tests.fleet.torn_worker``."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    sys.stdin.readline()
    os.write(1, b'{"report": "done", "na')
    os._exit(1)
