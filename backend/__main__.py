"""The process: `assent ...`, or `python -m backend ...`.

Imported modules are never collected, so the garbage collector is off while they load and ignores them afterwards. That saves a
fifth of a cold start and most of the time a process takes to exit."""

import gc
import sys


def main() -> None:
    gc.disable()
    try:
        from backend import cli
    except KeyboardInterrupt:
        sys.exit(130)
    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
