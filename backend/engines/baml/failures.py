"""Classify failures of a model: a message without secrets, and whether to retry."""

from dataclasses import dataclass

from baml_py.errors import BamlClientFinishReasonError, BamlClientHttpError, BamlTimeoutError

_TRIES = {1: "", 2: " twice", 3: " three times"}
_CONNECTING = ("ConnectError", "Connect,", "dns error", "tcp connect")


@dataclass(frozen=True, slots=True)
class Failure:
    """`what` follows "The model "; `advice` is what a person could do about it."""

    what: str
    transient: bool
    advice: str = ""

    def sentence(self, tries: int, place: str) -> str:
        """The message of an EngineError, without the provider's own text, which may echo the key or the prompt."""
        often = _TRIES.get(tries, f" {tries} times")
        return f"The model {self.what}{often} ({place}).{f' {self.advice}' if self.advice else ''}"


CUT_OFF = Failure("broke off in the middle of its answer", transient=True)
EMPTY = Failure("gave an empty answer", transient=True)
TIMED_OUT = Failure("did not answer in time", transient=True)
UNREADABLE = Failure("gave an answer that cannot be read", transient=True)
ENDLESS = Failure("gave an answer that never ended", transient=False)


class ModelFailed(Exception):
    """A failure that BAML reports as success."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


def classify(error: Exception) -> Failure:
    """The failure behind a BAML exception, a time-out or a ModelFailed."""
    match error:
        case ModelFailed():
            return error.failure
        case TimeoutError() | BamlTimeoutError():
            return TIMED_OUT
        case BamlClientFinishReasonError():
            return _unfinished(error.finish_reason or "")
        case BamlClientHttpError():
            return _http(error)
    return UNREADABLE


def _unfinished(reason: str) -> Failure:
    if reason.lower() in ("content_filter", "refusal"):
        return Failure("declined to answer", transient=False)
    return Failure("was cut off at the length of answer it is allowed", transient=False)


def _http(error: BamlClientHttpError) -> Failure:
    # BAML invents a status for failures without one, such as 503 for no connection; only its text tells them apart.
    text = f"{error.message} {error.detailed_message}"
    if "reqwest::Error" in text:
        if "TimedOut" in text and not any(mark in text for mark in _CONNECTING):
            return TIMED_OUT
        if any(mark in text for mark in _CONNECTING):
            return Failure("could not be reached", transient=True)
    return _status(error.status_code)


def _status(status: int) -> Failure:
    match status:
        case 401 | 403:
            return Failure(f"refused the key ({status})", False, "Check ASSENT_LLM_API_KEY or the provider's own key variable.")
        case 404:
            return Failure("was not found (404)", False, "Check ASSENT_LLM_MODEL and ASSENT_LLM_BASE_URL.")
        case 400 | 413 | 422:
            return Failure(
                f"rejected the request ({status})", False, "Check ASSENT_LLM_MODEL; the thread may also be too long for it."
            )
        case 408 | 409 | 425 | 429:
            return Failure(f"answered {status}", True)
        case _ if 500 <= status <= 599:
            return Failure(f"answered {status}", True)
        case _ if 300 <= status <= 499:
            return Failure(f"answered {status}", False)
    return UNREADABLE
