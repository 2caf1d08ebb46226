"""The locks that use cases declare.

A use case names the session, person, mailbox or place that it is about, and runs beside use cases that are about another. One
that names nothing runs alone, so a forgotten declaration costs time and never correctness. What only such use cases change
(people, groups, linked accounts) the others may read without a lock. See docs/decisions/0021."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, TypeVar

SESSIONS: Final = ("session", "session_at", "request", "run", "delivery")
PEOPLE: Final = ("person", "account", "sign_in", "ticket")
KINDS: Final = ("place", "mailbox", *PEOPLE, *SESSIONS)

UseCase = TypeVar("UseCase", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Locks:
    """The locks of one call. `ids` has one id for each of `kinds`, or two for a place or an account on a channel; None where the
    call has none."""

    kinds: tuple[str, ...]
    ids: tuple[str | None, ...]


ALONE: Final = None  # in place of Locks: beside no other writer


def locks(**paths: str) -> Callable[[UseCase], UseCase]:
    """Declare what a use case writes, and reads in order to decide. Each path leads from one of its arguments to an id, as in
    `@locks(session="lease.session_id")`; two paths with a comma between them lead to a channel and to a name on it.

    `request`, `run`, `delivery` and `session_at` (a place) lock their session; `account`, `sign_in` and `ticket` lock their
    person; `delivery` locks both. Without paths, only the exclusive lock is respected: fit for a use case that decides
    nothing, or in which a unique key decides."""

    def declare(use_case: UseCase) -> UseCase:
        use_case.locks = _Declared(use_case, paths)  # type: ignore[attr-defined]
        return use_case

    return declare


def locks_of(use_case: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Locks | None:
    """The locks of this call; ALONE if the use case declares none."""
    declared: _Declared | None = getattr(use_case, "locks", None)
    return ALONE if declared is None else declared.of(args, kwargs)


class _Declared:
    """Finds the ids in the arguments of a use case."""

    def __init__(self, use_case: Callable[..., Any], paths: Mapping[str, str]) -> None:
        if unknown := sorted(paths.keys() - set(KINDS)):
            raise TypeError(f"{use_case.__name__}: there is no lock on a {unknown[0]}")
        for sort in (SESSIONS, (*PEOPLE, "delivery")):
            if len(paths.keys() & set(sort)) > 1:
                raise TypeError(f"{use_case.__name__}: two locks of one sort would be taken in no particular order")
        parameters = [each for each in inspect.signature(use_case).parameters.values() if each.name not in ("self", "tx")]
        self.kinds = tuple(kind for kind in KINDS if kind in paths)
        self._ways = [_Way(parameters, path.strip()) for kind in self.kinds for path in paths[kind].split(",")]

    def of(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Locks:
        return Locks(self.kinds, tuple(way.follow(args, kwargs) for way in self._ways))


class _Way:
    """Leads from the arguments of a call to one id."""

    def __init__(self, parameters: Sequence[inspect.Parameter], path: str) -> None:
        self._name, _, attributes = path.partition(".")
        self._place = [each.name for each in parameters].index(self._name)
        self._default = parameters[self._place].default
        self._attribute = attrgetter(attributes) if attributes else None

    def follow(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        value: Any = args[self._place] if self._place < len(args) else kwargs.get(self._name, self._default)
        return value if value is None or self._attribute is None else self._attribute(value)
