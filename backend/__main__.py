"""The process: `assent ...`, or `python -m backend ...`.

What is imported stays for good, so the garbage collector rests while it is loaded and never looks at it again: a fifth of a
cold start, and most of what ending a process costs."""

import gc


def main() -> None:
    gc.disable()
    from backend import cli

    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
