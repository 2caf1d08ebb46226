"""What a channel says when a message did not go out: not what the provider answered, but what to do now.

ChannelError
├── Retryable      it may work later       (try again here, not before `after` seconds if the provider named them)
├── Rejected       it never will           (this message, to this address: go to the next channel)
└── Disconnected   the connection is gone  (go to the next channel; the person must link the account again)
"""


class ChannelError(Exception):
    """A message did not go out. `reason` is one sentence for people, without secrets; `code` is the provider's word for it."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Retryable(ChannelError):
    """`after`: seconds the provider asked to wait. `unknown`: the message may have gone out all the same."""

    def __init__(self, reason: str, code: str = "", *, after: float | None = None, unknown: bool = False) -> None:
        super().__init__(reason, code)
        self.after = after
        self.unknown = unknown


class Rejected(ChannelError):
    pass


class Disconnected(ChannelError):
    pass
