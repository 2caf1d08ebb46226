"""The process: `assent ...`, or `python -m backend ...`.

What is imported stays for good, so the garbage collector rests while it is loaded and never looks at it again: a fifth of a
cold start, and most of what ending a process costs."""

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
