"""What can be wrong with a state image. Every error says what it means for whoever restarts."""

from pathlib import Path


class ImageError(Exception):
    """Any trouble with a state image. `path` is None where it came from memory."""

    def __init__(self, path: Path | None, reason: str) -> None:
        super().__init__(f"{path or 'state image'}: {reason}")
        self.path, self.reason = path, reason


class ForeignImage(ImageError):  # noqa: N818
    """The bytes are no state image, or one of another version: nothing is known of their state."""


class DamagedImage(ImageError):  # noqa: N818
    """Bytes that were an image once are not whole any more: a length or a hash is wrong."""


class InconsistentImage(ImageError):  # noqa: N818
    """The hashes are right, but what stands in it contradicts itself: its writer was wrong."""


class NotAnEndedDay(ImageError):  # noqa: N818
    """A day can only be opened from the image of a day that has ended."""
