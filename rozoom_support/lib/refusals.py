"""Refusals: a deed says no in words that tell what to do next. Doors translate them in one place each."""


class Refused(Exception):
    """Base of every CannotX. `code` is stable for programs; `param` names the field it concerns."""

    code = "refused"
    status = 409

    def __init__(self, message: str, *, param: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.param = param


class NotFound(Exception):
    """Missing and not yours are the same answer."""


class Stale(Refused):
    """Someone changed the thing meanwhile; nothing was recorded."""

    code = "stale"
    status = 412
