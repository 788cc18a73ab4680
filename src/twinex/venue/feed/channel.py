"""Where a stream's packets go: a multicast group, or a list of addresses."""

import socket
from collections.abc import Sequence

Address = tuple[str, int]
_SEND_BUFFER_BYTES = 1 << 22


class Channel:
    """A UDP socket that sends every packet to all of its addresses.

    An address in 224.0.0.0/4 is a multicast group: `interface` (an address of this machine) is
    where its packets leave, `ttl` how many routers they may pass (0: this machine only).
    """

    def __init__(
        self, addresses: Sequence[Address], *, interface: str = "127.0.0.1", ttl: int = 0
    ) -> None:
        self.addresses = tuple(addresses)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._socket.setsockopt(
            socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface)
        )
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, ttl)

    def send(self, packet: bytes) -> None:
        """To every address. What a network loses receivers ask for again: an unreachable or
        overfull one is a loss like any other."""
        for address in self.addresses:
            try:
                self._socket.sendto(packet, address)
            except (BlockingIOError, ConnectionRefusedError):
                continue

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()
