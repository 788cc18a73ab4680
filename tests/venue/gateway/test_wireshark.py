"""Wireshark's own SoupBinTCP dissector reads a session of ours without complaint."""

import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from talk import Line, login, packet, serving

from twinex.venue.opening import open_market
from twinex.venue.wire.messages import encode

TSHARK = shutil.which("tshark")
PORT, CLIENT_PORT = 5001, 40_000
_PART = 1_000  # bytes of a TCP segment in the capture: packets are cut by it anywhere


def capture(path: Path, said: list[tuple[bool, bytes]]) -> None:
    """A capture file (raw IPv4) of one connection: (from the client?, bytes), in their order."""
    octets = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 16, 101))
    sent = {True: 1, False: 1}
    for from_client, text in said:
        for start in range(0, len(text), _PART):
            part = text[start : start + _PART]
            ports = (CLIENT_PORT, PORT) if from_client else (PORT, CLIENT_PORT)
            numbers = sent[from_client], sent[not from_client]
            tcp = struct.pack(">HHIIBBHHH", *ports, *numbers, 5 << 4, 0x18, 65_535, 0, 0) + part
            addresses = (b"\x0a\0\0\1", b"\x0a\0\0\2")[:: 1 if from_client else -1]
            head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0)
            whole = head + b"".join(addresses) + tcp
            octets += struct.pack("<IIII", 0, 0, len(whole), len(whole)) + whole
            sent[from_client] += len(part)
    path.write_bytes(octets)


class Recorded(Line):
    """A line that keeps all bytes."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.said: list[tuple[bool, bytes]] = []
        super().__init__(address)
        ear = self.socket.recv

        class Ear:
            """The socket, overheard."""

            recv = staticmethod(lambda count: self._hear(ear(count)))
            close = self.socket.close
            sendall = self.socket.sendall

        self.socket = Ear()  # type: ignore[assignment]

    def _hear(self, octets: bytes) -> bytes:
        self.said.append((False, octets))
        return octets

    def send(self, octets: bytes) -> None:
        if octets:
            self.said.append((True, octets))
            super().send(octets)


def dissected(path: Path) -> list[dict[str, list[str]]]:
    """What Wireshark makes of each segment: its fields of SoupBinTCP, and its complaints."""
    assert TSHARK is not None
    wanted = ("soupbintcp.packet_type", "soupbintcp.packet_length", "soupbintcp.message")
    wanted += ("_ws.malformed", "frame.protocols")
    command = [TSHARK, "-r", str(path), "-d", f"tcp.port=={PORT},soupbintcp", "-T", "json"]
    command += [argument for field in wanted for argument in ("-e", field)]
    command += ["-o", "tcp.check_checksum:FALSE", "-o", "ip.check_checksum:FALSE"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [each["_source"]["layers"] for each in json.loads(done.stdout)]


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed (Debian: apt install tshark)")
def test_wireshark_reads_our_sessions(tmp_path: Path) -> None:
    with open_market("open", members=2) as market, serving(market.venue, ("1", "2")) as gateway:
        line = Recorded(gateway.address)
        line.send(login("1"))
        line.begin()
        line.send(packet("R") + packet("+", b"hello"))
        order = {"instrument": 1, "account": 1, "price": 40_000_000, "quantity": 1}
        for number in range(1, 60):
            line.send(packet("U", encode("order_enter", client_id=number, **order)))
        line.until("order_rested", client_id=59)
        line.send(packet("O"))
        while line.next():
            pass
    capture(tmp_path / "session.pcap", line.said)
    layers = dissected(tmp_path / "session.pcap")
    kinds = "".join(kind for each in layers for kind in each.get("soupbintcp.packet_type", []))
    sent = [octets for from_client, octets in line.said if from_client]
    assert kinds.count("U") == 59 + 2, "our orders, where history ends, the day token"
    assert kinds.count("L") == kinds.count("A") == 1
    assert kinds.count("S") == line.sequence - 1, "the stream"
    assert len(sent) == 62
    complaints = [each for each in layers if "_ws.malformed" in each]
    assert complaints == []
    assert all("soupbintcp" in each["frame.protocols"][0] for each in layers)
