"""`assent serve` whose failpoint can be armed while it runs, so that a test of a crash costs one process start, not two.

On SIGUSR1 it arms what stands in the file that ARMABLE_SPEC names, and removes the file to say so."""

import os
import signal
from pathlib import Path

from backend import failpoints
from backend.__main__ import main


def arm_failpoint(*_: object) -> None:
    spec = Path(os.environ["ARMABLE_SPEC"])
    failpoints.arm(spec.read_text())
    spec.unlink()


def serve() -> None:
    signal.signal(signal.SIGUSR1, arm_failpoint)
    main()


if __name__ == "__main__":
    serve()
