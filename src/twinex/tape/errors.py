"""What can be wrong with a recorded market."""


class TapeError(ValueError):
    """A tape cannot be used; the message says which and why."""


class TapeMissing(TapeError):  # noqa: N818 - the state of the tape is the name
    """A tape does not lie where it was looked for."""


class TapeBroken(TapeError):  # noqa: N818
    """A tape's content contradicts its format or itself."""
