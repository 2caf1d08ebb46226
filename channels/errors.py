"""The errors of a channel. Each says what to do next, not what the provider answered.

ChannelError
├── Retryable      may work later          (retry here, after `after` seconds if the provider named a delay)
├── Rejected       will never work         (for this message and address: go on to the next channel)
└── Disconnected   access is lost          (go on to the next channel; the account must be linked again)
"""


class ChannelError(Exception):
    """A message was not sent. `reason` is one sentence for people, without secrets; `code` is the provider's error code."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Retryable(ChannelError):
    """`after`: the delay in seconds the provider asked for. `unknown`: the message may have been sent all the same."""

    def __init__(self, reason: str, code: str = "", *, after: float | None = None, unknown: bool = False) -> None:
        super().__init__(reason, code)
        self.after = after
        self.unknown = unknown


class Rejected(ChannelError):
    pass


class Disconnected(ChannelError):
    pass
