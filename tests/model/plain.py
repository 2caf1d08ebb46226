"""The platform as one would explain it: who may decide, what ends a request, and what a run may do, one thing after another."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

OWNER = "owner"
LOST = "lease lost"


@dataclass
class Request:
    """`to`: "group", a person's name, or the owner. `frozen`: who decided it, once it is decided."""

    to: str
    due: bool = False
    run: int | None = None
    ever: set[str] = field(default_factory=set)
    frozen: set[str] = field(default_factory=set)
    status: str = "pending"
    said: tuple[str, str] | None = None  # (who, action)


@dataclass
class Run:
    status: str = "pending"
    holder: str = ""  # the lease that counts
    executions: dict[str, str] = field(default_factory=dict)  # by the request that approved it


@dataclass
class World:
    """Each method is a use case, run whole; it returns what its caller hears."""

    group: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)
    requests: dict[str, Request] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    def copy(self) -> World:
        return deepcopy(self)

    # who decides

    def meant(self, request: Request) -> set[str]:
        named = self.group if request.to == "group" else {request.to}
        return named - self.disabled

    def deciders(self, request: Request) -> set[str]:
        return (self.meant(request) if request.status == "pending" else request.frozen) - self.disabled

    def _follow(self) -> None:
        for request in self.requests.values():
            if request.status == "pending":
                request.ever |= self.meant(request)

    def join(self, who: str) -> str:
        if who in self.disabled:
            return "invalid"
        self.group.add(who)
        self._follow()
        return "done"

    def leave(self, who: str) -> str:
        if who not in self.group:
            return "invalid"
        self.group.discard(who)
        return "done"

    def disable(self, who: str) -> str:
        self.disabled.add(who)
        return "done"

    def enable(self, who: str) -> str:
        self.disabled.discard(who)
        self._follow()
        return "done"

    # requests

    def ask(self, name: str, to: str, due: bool) -> str:
        request = Request(to, due)
        if not self.meant(request):
            return "invalid"
        self.requests[name] = request
        self._follow()
        return "asked"

    def answer(self, name: str, who: str, action: str) -> str:
        request = self.requests[name]
        if who not in self.deciders(request):
            return "not_a_responder" if who in request.ever or who == OWNER else "not_found"
        if request.status == "pending" and request.due:
            self._end(request, "expired")
        if request.status != "pending":
            return "already_decided"
        request.said = (who, action)
        self._end(request, "answered")
        return "answered"

    def expire(self, name: str) -> str:
        request = self.requests[name]
        if request.status != "pending" or not request.due:
            return "nothing"
        self._end(request, "expired")
        return "expired"

    def withdraw(self, name: str) -> str:
        request = self.requests[name]
        if request.status != "pending":
            return "already_decided"
        self._end(request, "cancelled")
        return "withdrawn"

    def see(self, name: str, who: str) -> str:
        return "done"

    def _end(self, request: Request, status: str) -> None:
        request.frozen = self.meant(request)
        request.status = status
        if request.run is not None and self.runs[request.run].status == "waiting_feedback":
            self.runs[request.run].status = "pending"
            self.runs[request.run].holder = ""

    # runs

    def _active(self) -> int | None:
        return next((n for n, run in enumerate(self.runs) if run.status in ("pending", "running", "waiting_feedback")), None)

    def say(self) -> str:
        active = self._active()
        if active is None:
            self.runs.append(Run())
            active = len(self.runs) - 1
        return f"run {active}"

    def claim(self, lease: str, run: int) -> str:
        if self.runs[run].status != "pending":
            return "nothing"
        self.runs[run].status, self.runs[run].holder = "running", lease
        return "claimed"

    def _holds(self, run: int, lease: str) -> bool:
        return self.runs[run].status == "running" and self.runs[run].holder == lease

    def propose(self, name: str, lease: str, run: int) -> str:
        if not self._holds(run, lease):
            return LOST
        self.requests[name] = Request(OWNER, run=run, ever={OWNER})
        self.runs[run].status = "waiting_feedback"
        return "asked"

    def start(self, name: str, lease: str, run: int) -> str:
        if not self._holds(run, lease):
            return LOST
        _, action = self.requests[name].said or ("", "")
        if action != "approve" or self.requests[name].run != run or name in self.runs[run].executions:
            return "refused"
        self.runs[run].executions[name] = "started"
        return "started"

    def finish(self, name: str, lease: str, run: int) -> str:
        self.runs[run].executions[name] = "succeeded"
        return "done"

    def cancel(self) -> str:
        active = self._active()
        if active is None:
            return "nothing"
        self.runs[active].status = "cancelled"
        self.runs[active].holder = ""
        for request in self.requests.values():
            if request.run == active and request.status == "pending":
                self._end(request, "cancelled")
        return "cancelled"

    def look(self) -> object:
        """What can be seen from outside, to compare."""
        requests = {name: (r.status, r.said, frozenset(self.deciders(r))) for name, r in self.requests.items()}
        runs = [(run.status, sorted(run.executions.items())) for run in self.runs]
        return requests, runs, set(self.disabled), set(self.group)
