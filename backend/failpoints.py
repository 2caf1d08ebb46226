"""Named places where a test can make the process die, raise or hang, to prove what a crash leaves behind."""

import os
import signal
import time

ACTIONS = ("kill", "raise", "sleep", "stop")
_armed: tuple[str, str] | None = None


class FailpointRaised(RuntimeError):
    """Raised by an armed failpoint with the action `raise`."""


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
    """Carry out the armed action if `name` is the armed failpoint; otherwise do nothing."""
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
