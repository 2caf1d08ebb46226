"""Named places where a test may make the process die, raise or hang: the only way to prove what a crash leaves behind."""

import os
import signal
import time

ACTIONS = ("kill", "raise", "sleep", "stop")
_armed: tuple[str, str] | None = None


class FailpointRaised(RuntimeError):
    """An armed failpoint of kind `raise` was passed."""


def arm(spec: str) -> None:
    """Arm one point, `name:kill|raise|sleep|stop` (ASSENT_FAILPOINT); an empty text disarms. Raises ValueError."""
    global _armed
    name, _, action = spec.partition(":")
    if spec and (not name or action not in ACTIONS):
        raise ValueError("write it as name:kill, name:raise, name:sleep or name:stop")
    _armed = (name, action) if spec else None


def armed() -> bool:
    return _armed is not None


def failpoint(name: str) -> None:
    """Do what the armed action says when `name` is the armed point; nothing otherwise."""
    if _armed is None or _armed[0] != name:
        return
    match _armed[1]:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "sleep":
            time.sleep(5)
        case _:
            raise FailpointRaised(f"failpoint {name}")
