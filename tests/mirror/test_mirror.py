"""The mirror as a system on a directory, and on the command line."""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from drawn import FIRST_SEQUENCE, Drawn, Sent

import twinex
from twinex.mirror.core import Core
from twinex.mirror.journal import (
    FILE_NAME,
    DiskFull,
    Head,
    JournalBusy,
    JournalCorrupt,
    JournalReader,
    JournalVanished,
    NotNext,
)
from twinex.mirror.mirror import Mirror, MirrorStopped
from twinex.mirror.sequencer import Sequencer

SEED = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
HEAD = Head(FIRST_SEQUENCE, 77, 10**18)
DAY = Drawn(7).day(150)


class Clock:
    """A clock set by hand."""

    def __init__(self) -> None:
        self.now = DAY[0][2]

    def __call__(self) -> int:
        return self.now


def opened(directory: Path, clock: Clock | None = None) -> Mirror:
    clock = clock or Clock()
    return Mirror(str(directory), clock=clock, steady=clock, head=HEAD, synced=False)


def lead(mirror: Mirror, sent: list[Sent], clock: Clock) -> list[bytes]:
    answers = []
    for seat, message, now in sent:
        clock.now = now
        answers.append(mirror.send(seat, message))
    return answers


def records_of(sent: list[Sent]) -> list[bytes]:
    sequencer = Sequencer(*HEAD)
    return [sequencer.record(*each) for each in sent]


def answers_of(records: list[bytes]) -> list[bytes]:
    """What a core says that never saw a file."""
    core = Core(FIRST_SEQUENCE)
    return [core.apply(record) for record in records]


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    system = opened(tmp_path / "day")
    yield system
    system.close()


def test_leading_and_following_say_the_same(tmp_path: Path) -> None:
    clock = Clock()
    leader, follower = opened(tmp_path / "a", clock), opened(tmp_path / "b")
    told = lead(leader, DAY, clock)
    records = [r for batch in JournalReader(str(tmp_path / "a" / FILE_NAME)) for r in batch]
    assert records == records_of(DAY)
    assert told == answers_of(records)
    assert follower.apply(records[:60]) + follower.apply(records[60:]) == b"".join(told)
    assert follower.apply([]) == b""
    assert follower.image() == leader.image()
    for system in (leader, follower):
        system.close()
    files = [(tmp_path / name / FILE_NAME).read_bytes() for name in "ab"]
    assert files[0] == files[1]


def test_a_restart_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    """Closed and opened again after every few commands, with an image kept now and then."""
    print(f"seed {SEED}")
    draw, clock, told = random.Random(SEED), Clock(), []
    rest = DAY
    while rest:
        mirror = opened(tmp_path, clock)
        assert mirror.notes == []
        count = draw.randrange(1, 30)
        told += lead(mirror, rest[:count], clock)
        rest = rest[count:]
        if draw.random() < 0.4:
            mirror.keep_image()
        mirror.close()
    records = records_of(DAY)
    assert told == answers_of(records)
    mirror = opened(tmp_path)
    core = Core(FIRST_SEQUENCE)
    for record in records:
        core.apply(record)
    assert mirror.image() == core.image()
    mirror.close()


def test_a_restart_with_an_image_applies_what_lies_behind_it(tmp_path: Path) -> None:
    """What the image says is believed: another trading day in it shows in the state."""
    mirror = opened(tmp_path)
    mirror.apply(records_of(DAY)[:100])
    path = Path(mirror.keep_image())
    mirror.apply(records_of(DAY)[100:])
    state = mirror.image()
    mirror.close()
    assert path.name == f"state-{FIRST_SEQUENCE + 99}.img"
    core = Core.from_image(path.read_bytes())
    core.market.rejects += 5
    path.write_bytes(core.image())
    again = opened(tmp_path)
    assert again.notes == []
    assert again._core.market.rejects == Core.from_image(state).market.rejects + 5
    again.close()


def test_images_that_are_not_good_are_named_and_passed_over(tmp_path: Path) -> None:
    mirror = opened(tmp_path)
    records = records_of(DAY)
    mirror.apply(records[:50])
    good = Path(mirror.keep_image())
    mirror.apply(records[50:])
    state = mirror.image()
    mirror.close()
    rotten, foreign, ahead = (tmp_path / f"state-{at}.img" for at in (6003, 6002, 6001))
    rotten.write_bytes(good.read_bytes()[:-1])
    other = Core.from_image(good.read_bytes())
    other.market.chain ^= 1
    foreign.write_bytes(other.image())
    other = Core.from_image(state)
    other.apply(Sequencer(other.market.sequence + 1, 1, 2).record(0, bytes(8), 0))
    ahead.write_bytes(other.image())
    (tmp_path / "state-1.img.unfinished").write_bytes(b"")
    again = opened(tmp_path)
    assert [note.split(":")[0] for note in again.notes] == [str(rotten), str(foreign), str(ahead)]
    assert "bytes, and says" in again.notes[0]
    assert "no record of its sequence and chain" in again.notes[1]
    assert again.image() == state
    again.close()
    good.unlink()
    again = opened(tmp_path)
    assert len(again.notes) == 3
    assert again.image() == state
    again.close()


def test_a_torn_tail_is_told_and_the_sequence_given_again(tmp_path: Path) -> None:
    clock = Clock()
    mirror = opened(tmp_path, clock)
    told = lead(mirror, DAY[:60], clock)
    mirror.close()
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:-8])
    again = opened(tmp_path, clock)
    assert again.notes == [
        f"a torn tail was cut and is kept in {tmp_path / 'journal-cut-5060.bin'}"
    ]
    assert lead(again, DAY[59:60], clock) == told[59:]
    again.close()


def test_a_corrupt_journal_is_not_opened(tmp_path: Path) -> None:
    mirror = opened(tmp_path)
    mirror.apply(records_of(DAY)[:60])
    mirror.close()
    path = tmp_path / FILE_NAME
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    for _ in range(2):  # and is not left locked
        with pytest.raises(JournalCorrupt, match="record 5001"):
            opened(tmp_path)


def test_one_system_a_directory(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(JournalBusy):
        opened(tmp_path / "day")


def test_what_does_not_go_on_is_refused_and_changes_nothing(mirror: Mirror) -> None:
    records = records_of(DAY)
    mirror.apply(records[:10])
    state = mirror.image()
    for batch in (records[11:], records[9:12], records[10:12] + records[13:]):
        with pytest.raises(NotNext):
            mirror.apply(batch)
        assert mirror.image() == state
    mirror.apply(records[10:])


def _stopped(mirror: Mirror) -> None:
    for call in (lambda: mirror.send(0, bytes(8)), lambda: mirror.apply([]), mirror.image):
        with pytest.raises(MirrorStopped, match="it stopped before"):
            call()


def test_a_full_disk_stops_it_before_anything_is_said(tmp_path: Path) -> None:
    mirror, records = opened(tmp_path / "day"), records_of(DAY)
    mirror.apply(records[:20])
    path = tmp_path / "day" / FILE_NAME
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, limits[1]))
    try:
        with pytest.raises(DiskFull):
            mirror.apply(records[20:])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    _stopped(mirror)
    assert path.read_bytes() == before
    mirror.close()
    again = opened(tmp_path / "day")
    assert again.apply(records[20:]) == b"".join(answers_of(records)[20:])
    again.close()


def test_a_directory_that_vanished_stops_it(tmp_path: Path) -> None:
    mirror = Mirror(str(tmp_path / "day"), head=HEAD)
    records = records_of(DAY)
    assert mirror.apply(records[:5])
    (tmp_path / "day").rename(tmp_path / "elsewhere")
    with pytest.raises(JournalVanished):
        mirror.apply(records[5:6])
    _stopped(mirror)
    (tmp_path / "elsewhere").rename(tmp_path / "day")
    mirror.close()


def test_a_core_that_fails_stops_it(mirror: Mirror) -> None:
    records = records_of(DAY)
    mirror.apply(records[:20])
    mirror._core.market.sequence += 1
    with pytest.raises(AssertionError):
        mirror.apply(records[20:21])
    _stopped(mirror)


def test_jumps_of_the_clock_are_kept_for_the_operator(tmp_path: Path) -> None:
    clock = Clock()
    steady = Clock()
    mirror = Mirror(str(tmp_path), clock=clock, steady=steady, head=HEAD, synced=False)
    mirror.send(*DAY[0][:2])
    assert mirror.clock.suspended == ""
    clock.now += 2 * 10**9
    assert mirror.send(*DAY[1][:2])
    assert mirror.clock.suspended.startswith("forward jump")
    mirror.close()


INTERPRETERS = [sys.executable, *filter(None, [shutil.which("pypy3")])]
SOURCE = {**os.environ, "PYTHONPATH": str(Path(twinex.__file__).parents[1])}


def command(
    *arguments: str, stream: bytes = b"", interpreter: str = sys.executable
) -> tuple[int, bytes, dict]:
    """Run `python -m twinex.mirror`: exit status, what it wrote, the JSON it said."""
    line = [interpreter, "-m", "twinex.mirror", *arguments]
    done = subprocess.run(line, input=stream, capture_output=True, env=SOURCE)
    return done.returncode, done.stdout, json.loads(done.stderr)


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_the_command_line_lives_through_a_file(
    mirror: Mirror, tmp_path: Path, interpreter: str
) -> None:
    records = records_of(DAY)
    mirror.apply(records)
    journal = str(tmp_path / "day" / FILE_NAME)
    events = b"".join(answers_of(records))
    told_to = str(tmp_path / "events")
    status, _, told = command("events", journal, told_to, interpreter=interpreter)
    assert (tmp_path / "events").read_bytes() == events
    assert told.pop("seconds") > 0
    figures = {"commands": len(DAY), "events_bytes": len(events), "crc32": crc32(events)}
    assert (status, told) == (0, figures)
    status, written, told = command("image", journal, "-", interpreter=interpreter)
    assert (status, written, told["commands"]) == (0, mirror.image(), len(DAY))


def test_the_command_line_answers_a_stream_as_it_comes() -> None:
    """Every answer is read before the next record is sent."""
    records = records_of(DAY)
    arguments = [sys.executable, "-m", "twinex.mirror", "events", "-", "-"]
    with subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=SOURCE,
    ) as child:
        assert child.stdin
        assert child.stdout
        assert child.stderr
        for record, events in zip(records, answers_of(records), strict=True):
            child.stdin.write(record)
            answer = b""
            while len(answer) < len(events):
                answer += child.stdout.read(len(events) - len(answer))
            assert answer == events
        child.stdin.close()
        assert child.stdout.read() == b""
        assert json.loads(child.stderr.read())["commands"] == len(DAY)
    assert child.returncode == 0


def test_the_command_line_says_what_is_wrong(tmp_path: Path) -> None:
    records = records_of(DAY[:30])
    stream = b"".join(records)
    status, events, told = command("events", "-", "-", stream=stream[:-8])
    where = f"offset {len(stream) - len(records[-1])}: record 5030"
    assert told == {"error": f"standard input: {where}: the stream ends inside it"}
    assert (status, events) == (1, b"".join(answer for answer in answers_of(records[:-1])))
    status, events, told = command("events", "-", "-", stream=records[0] + records[2])
    assert (status, told["error"][-33:]) == (1, "record 5002: its sequence is 5003")
    assert command("events", "-", "-", stream=stream[:9])[2]["error"].endswith("after 9 bytes")
    status, _, told = command("events", str(tmp_path / "none"), "-")
    assert (status, "it is not there" in told["error"]) == (1, True)
    status, _, told = command("events", "-", "-")
    assert (status, told["commands"]) == (0, 0)
    done = subprocess.run([sys.executable, "-m", "twinex.mirror"], capture_output=True, env=SOURCE)
    assert (done.returncode, b"python -m twinex.mirror events JOURNAL OUT" in done.stderr) == (
        2,
        True,
    )
