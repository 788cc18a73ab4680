"""The feed's bytes, read by others: the PyPI package `sbe`, and Wireshark's dissector."""

import shutil
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from vectorkit.witness import read, read_schema

from feed.living import Living, fixed_clock, framed_from, frames_of, live, snapshot_of, submit
from twinex.client.feed_schema import LAYOUTS, PACKET_HEAD, decode, unpack
from twinex.venue.feed.channel import Channel
from twinex.venue.feed.mold import PACKET_BYTES_MAX
from twinex.venue.feed.publisher import Publisher
from twinex.venue.venue import Venue

SPEC = Path(__file__).parents[2] / "spec"
PORT = 30003
_COMMENT = "1048576"  # it takes the end of a session, a head with a count, for a request
PRIVATE = {"account", "member", "seat", "client_id", "request_id", "offset", "hedge", "credit"}


class Recorder(Channel):
    """Keeps packets instead of sending them."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def close(self) -> None:
        """There is no socket."""

    def send(self, packet: bytes) -> None:
        self.packets.append(packet)


def _recorded(seed: int, count: int) -> list[bytes]:
    """The packets of a day's L3, with heartbeats and its end."""
    ticks = iter(range(0, 1 << 62, 700_000_000))  # every other step a heartbeat is due
    recorder = Recorder()
    with Venue(clock=fixed_clock) as venue:
        living = Living(venue)
        channels = {"L3": recorder}
        feed = Publisher(living.events, living.streams, channels, clock=lambda: next(ticks))
        with feed:
            frames = frames_of(seed, count)
            for start in range(0, len(frames), 60):
                submit(venue, frames[start : start + 60])
                for _ in range(4 if start == 0 else 1):
                    feed.step()
    return recorder.packets


def test_the_package_sbe_reads_every_message() -> None:
    schema, seen = read_schema("feed.xml"), set()
    for seed in range(10):
        *_, last = live(seed, 700, batch=100)
        snapshots = [snapshot_of(last.streams, level) for level in range(3)]
        for log in (*last.streams.logs, *snapshots):
            for octets in framed_from(log):
                message, told = decode(octets), read(schema, octets)
                assert message is not None
                assert told.name == message.name
                seen.add(told.name)
                for name, value in message.fields.items():
                    raw = told.fields[name]
                    text = raw.rstrip(b"\0").decode() if isinstance(raw, bytes) else raw
                    assert text == value, name
    assert seen == {layout.name for layout in LAYOUTS.values()}


def test_nothing_private_has_a_field() -> None:
    root = ElementTree.parse(SPEC / "feed.xml").getroot()
    names = {node.attrib["name"] for node in root.iter("field")}
    assert not names & PRIVATE


def test_fields_lie_where_a_reader_may_rely_on() -> None:
    """The rules that feed.xml states; one name one place is asserted where it is read."""
    sizes = {"int64": 8, "int32": 4, "char16": 1, "char32": 1}
    for message in ElementTree.parse(SPEC / "feed.xml").getroot().iter():
        fields = message.findall("field")
        if not fields:
            continue
        assert int(message.attrib["blockLength"]) % 8 == 0
        offsets = [int(field.attrib["offset"]) for field in fields]
        assert offsets == sorted(set(offsets))
        for field, offset in zip(fields, offsets, strict=True):
            assert offset % sizes.get(field.attrib["type"], 1) == 0


def test_packets_are_filled_up_to_1400_bytes_and_follow_one_another() -> None:
    packets = _recorded(1, 900)
    sequence = 1
    for octets in packets:
        assert len(octets) <= PACKET_BYTES_MAX
        packet = unpack(octets)
        assert packet.session == "L320260105"
        assert packet.sequence == sequence
        sequence += len(packet.messages)
    assert max(map(len, packets)) > PACKET_BYTES_MAX - 170


def _pcap(packets: list[bytes]) -> bytes:
    """A capture of raw IPv4 (link type 101) with one UDP datagram a packet."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for number, packet in enumerate(packets):
        udp = struct.pack(">HHHH", 40000, PORT, 8 + len(packet), 0) + packet
        addresses = bytes([127, 0, 0, 1, 239, 255, 77, 1])
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 1, 17, 0) + addresses
        parts.append(struct.pack("<IIII", number, 0, len(head + udp), len(head + udp)))
        parts.append(head + udp)
    return b"".join(parts)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark (Debian package) is not there")
def test_wiresharks_dissector_reads_the_packets_without_complaint(tmp_path: Path) -> None:
    packets = _recorded(2, 600)
    capture = tmp_path / "feed.pcap"
    capture.write_bytes(_pcap(packets))
    told = ("session", "sequence", "count", "msglen")
    fields = [argument for name in told for argument in ("-e", f"moldudp64.{name}")]
    command = ["tshark", "-r", str(capture), "-d", f"udp.port=={PORT},moldudp64", "-T", "fields"]
    command += [*fields, "-e", "_ws.malformed", "-e", "_ws.expert.severity"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(packets)
    counts = set()
    for line, octets in zip(lines, packets, strict=True):
        session, sequence, count, lengths, malformed, severity = line.split("\t")
        packet = unpack(octets)
        assert (session, int(sequence), int(count)) == packet[:3]
        told_lengths = [int(length) for length in lengths.split(",") if length]
        assert told_lengths == [len(message) for message in packet.messages]
        assert PACKET_HEAD + sum(2 + length for length in told_lengths) == len(octets)
        assert malformed == ""
        assert severity == (_COMMENT if packet.count == 0xFFFF else "")
        counts.add(min(packet.count, 1) if packet.count < 0xFFFF else packet.count)
    assert counts == {0, 1, 0xFFFF}  # heartbeats, messages, the end of the session
