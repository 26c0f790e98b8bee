"""Two families: an `Error` is about the whole call and never dead-letters a message; `Reject` and `Retry` are about one message."""

from .bindings import types


class Error(Exception):
    """Why a whole call failed. Raise one of the subclasses."""

    def __init__(self, detail=""):
        super().__init__(detail)
        self.detail = str(detail)

    def to_wit(self):
        return types.Error_Other(self.detail)


class Unavailable(Error):
    """The other system is down, slow or throttling: the host backs off and brings the same batch again.

    `retry_after` is the least wait in seconds that the other system asked for.
    """

    def __init__(self, detail="", retry_after=None):
        super().__init__(detail)
        self.retry_after = retry_after

    def to_wit(self):
        wait = None if self.retry_after is None else max(0, int(self.retry_after * 1000))
        return types.Error_Unavailable(types.Unavailability(self.detail, wait))


class Unauthorized(Error):
    """Credentials or rights are wrong: the host waits for the operator."""

    def to_wit(self):
        return types.Error_Unauthorized(self.detail)


class InvalidConfig(Error):
    """The configuration cannot work: the connector stops until it changes."""

    def to_wit(self):
        return types.Error_InvalidConfig(self.detail)


class Fenced(Error):
    """Somebody else has moved this partition on."""

    def to_wit(self):
        return types.Error_Fenced(self.detail)


class Broken(Error):
    """This instance is broken: the host replaces it, within the restart budget."""

    def to_wit(self):
        return types.Error_Broken(self.detail)


class OtherError(Error):
    """Anything else; treated as unavailable."""


class MessageError(Exception):
    """One message failed while others go on. `code` is short and stable (a metric's label), `detail` for people."""

    retry = False

    def __init__(self, code, detail=""):
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = str(detail)


class Reject(MessageError):
    """The message will never succeed: it becomes a dead letter."""


class Retry(MessageError):
    """The message may succeed later. Others overtake it, so only for components described as unordered."""

    retry = True
