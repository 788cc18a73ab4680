"""The mirror as a system: a directory with the day's journal, and the core that lives by it.

In flow order: a command is sequenced (or comes sequenced from a leader), written, synchronised,
applied; only then is anything said about it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence

from twinex.mirror.core import Core
from twinex.mirror.image_check import ImageError
from twinex.mirror.journal import (
    FILE_NAME,
    Head,
    Journal,
    JournalReader,
    NotNext,
    create_journal,
    write_file,
)
from twinex.mirror.records import HEADER
from twinex.mirror.sequencer import LeadersClock, Sequencer

_IMAGE_NAME = re.compile(r"state-(\d+)\.img")


class MirrorStopped(RuntimeError):  # noqa: N818
    """It failed before, and says nothing more: open it again from its directory."""


class Mirror:
    """One system on one directory: begins a day there, or goes on where its journal ends.

    `head` says what comes before the first record of a new day's journal. With `synced` a command
    is on disk before it is answered (journal.md, Committing: `disk`), without it is only written.
    `notes` says what a restart found: images that were not good, bytes that were cut.
    Raises JournalError as journal.py names it, at any time; then nothing more is released.
    """

    def __init__(
        self,
        directory: str,
        clock: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.monotonic_ns,
        head: Head = Head(1, 0, 0),  # noqa: B008
        synced: bool = True,
    ) -> None:
        self.notes: list[str] = []
        self._directory, self._synced, self._stopped = directory, synced, ""
        if not os.path.exists(os.path.join(directory, FILE_NAME)):
            create_journal(directory, head)
        self._journal = Journal(directory)
        try:
            self._core = self._restart()
        except BaseException:
            self._journal.close()
            raise
        self.clock = LeadersClock(clock, steady)

    def send(self, seat: int, message: bytes) -> bytes:
        """Lead: sequence one message of a seat, and answer with its events."""
        record = self._sequencer.record(seat, message, self.clock.read(self._sequencer.time_ns))
        return self._live([record])

    def apply(self, records: Sequence[bytes]) -> bytes:
        """Follow: live through records that a leader has sequenced; their events.

        Raises NotNext, and has done nothing, where they do not go on from the last one.
        """
        return self._live(records)

    def _live(self, records: Sequence[bytes]) -> bytes:
        if self._stopped:
            raise MirrorStopped(f"{self._directory}: it stopped before: {self._stopped}")
        try:
            self._journal.write(records)
            if self._synced:
                self._journal.sync()
            events = b"".join([self._core.apply(record) for record in records])
        except NotNext:
            raise
        except BaseException as wrong:
            self._stopped = repr(wrong)
            raise
        if records:
            self._sequencer = _going_on(records[-1])
        return events

    def image(self) -> bytes:
        """The state image after the last command (spec/state.md)."""
        if self._stopped:
            raise MirrorStopped(f"{self._directory}: it stopped before: {self._stopped}")
        return self._core.image()

    def keep_image(self) -> str:
        """Put the image into the directory, for a restart to begin at; its path.

        It stands on records that are on disk, and has its name when it is whole.
        """
        image = self.image()
        self._journal.sync()
        path = os.path.join(self._directory, f"state-{self._journal.sequence}.img")
        write_file(path, image)
        return path

    def close(self) -> None:
        """Leave everything on disk, and the directory to others."""
        try:
            self._journal.sync()
        finally:
            self._journal.close()

    def _restart(self) -> Core:
        """The core after the journal's last record: from the latest good image, or from nothing."""
        journal = self._journal
        last = b""
        for records in journal.read():
            last = records[-1] if records else last
        if journal.cut_path:
            self.notes.append(f"a torn tail was cut and is kept in {journal.cut_path}")
        head = journal.head
        self._sequencer = (
            _going_on(last) if last else Sequencer(head.first_sequence, head.chain, head.time_ns)
        )
        for path in self._image_paths():
            core = self._core_of(path)
            if core is not None:
                return core
        core = Core(head.first_sequence, head.chain, head.time_ns)
        is_whole = self._replay(core, head.first_sequence - 1, head.chain)
        assert is_whole
        return core

    def _image_paths(self) -> list[str]:
        """Images in the directory, the latest first."""
        found = [_IMAGE_NAME.fullmatch(name) for name in os.listdir(self._directory)]
        names = [(int(name[1]), name[0]) for name in found if name]
        return [os.path.join(self._directory, name) for _, name in sorted(names, reverse=True)]

    def _core_of(self, path: str) -> Core | None:
        """The core of that image with what the journal has behind it; None if it is not good."""
        try:
            with open(path, "rb") as file:
                core = Core.from_image(file.read())
        except (ImageError, OSError) as wrong:
            self.notes.append(f"{path}: not used: {wrong}")
            return None
        if self._replay(core, core.market.sequence, core.market.chain):
            return core
        self.notes.append(f"{path}: not used: the journal has no record of its sequence and chain")
        return None

    def _replay(self, core: Core, sequence: int, chain: int) -> bool:
        """Apply what lies behind that sequence, if the journal has that chain there."""
        head = self._journal.head
        found = (sequence, chain) == (head.first_sequence - 1, head.chain)
        for records in JournalReader(self._journal.path):
            for record in records:
                _, _, place, _, _, _, mark = HEADER.unpack_from(record)
                if place > sequence and found:
                    core.apply(record)
                elif place == sequence:
                    found = mark == chain
                if place >= sequence and not found:
                    return False
        return found


def _going_on(record: bytes) -> Sequencer:
    """The sequencer whose last record that is."""
    _, _, sequence, time_ns, term, _, chain = HEADER.unpack_from(record)
    return Sequencer(sequence + 1, chain, time_ns, term)
