"""What can go wrong, by whose move it is; each is also the builtin that one would catch."""

from typing import Any, Optional, Tuple


class Error(Exception):
    """Any failure of tiepoint's: what happened and where, and what to do next."""

    message: str
    hint: Optional[str]

    def __init__(self, message: str, hint: Optional[str] = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self.message, self.hint)


class NotFound(Error, KeyError):
    """The named thing is not there."""


class AlreadyExists(Error, ValueError):
    """The named thing is already there."""


class Invalid(Error, ValueError):
    """The request makes no sense; the same request will never work."""


class Conflict(Error, RuntimeError):
    """The request is fine but clashes with the present state; read again and try again."""


class Unsupported(Error, NotImplementedError):
    """This store or build does not do that."""


class Denied(Error, PermissionError):
    """The caller may not."""


class Unavailable(Error, OSError):
    """Busy, locked, timed out or offline; the same request may work later."""


class Corrupt(Error, ValueError):
    """Stored bytes do not mean what they claim to."""


class Internal(Error, RuntimeError):
    """A mistake of ours."""


class NotTied(NotFound):
    """No object is tied to what was asked for; `reason` is one word that says why.

    ``unknown``: nothing by that id was ever heard of. ``deleted``: its feature is deleted, and not
    yet committed. ``removed``: its feature is gone from the store. ``hidden``: its feature is
    outside the layer's filter. ``detached``: its layer is gone. ``duplicate``: its id belongs to
    another feature.
    """

    reason: str

    def __init__(self, message: str, reason: str = "unknown", hint: Optional[str] = None) -> None:
        super().__init__(message, hint)
        self.reason = reason

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self.message, self.reason, self.hint)
