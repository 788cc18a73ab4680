"""Which address is tried when."""

import pytest

from twinex.client.errors import ClientError, CutOff, LoginRefused, NotConnected
from twinex.client.route import Route, parse_address

GONE = NotConnected("gone")
CLOSING = CutOff("CLOSING", "CLOSING: the server ends")


@pytest.mark.parametrize(
    ("text", "address"), [("host:7", ("host", 7)), ("[::1]:7001", ("::1", 7001))]
)
def test_address(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("wrong", ["host", ":7", "host:", "host:x", "host:70000", "host:٣", ""])
def test_no_address(wrong: str) -> None:
    with pytest.raises(ValueError, match="write host:port"):
        Route(wrong, None)


def test_each_address_once_at_the_start() -> None:
    route = Route(["a:1", "b:2", "c:3"], None)
    tried = [str(route)]
    for _ in range(2):
        assert route.failed(GONE, 0.0) == 0.0
        tried.append(str(route))
    assert tried == ["a:1", "b:2", "c:3"]
    with pytest.raises(NotConnected):
        route.failed(GONE, 0.0)


def _made(patience_s: float | None = None) -> Route:
    route = Route(["a:1", "b:2"], patience_s)
    route.made(0.0)
    return route


def test_the_same_address_again_then_the_others() -> None:
    route = _made()
    tried = []
    for now in range(100, 105):
        route.failed(GONE, float(now))
        tried.append(str(route))
    assert tried == ["a:1", "b:2", "a:1", "b:2", "a:1"]


def test_a_server_that_ends_is_left_at_once() -> None:
    route = _made()
    assert route.failed(CLOSING, 100.0) == 0.0
    assert str(route) == "b:2"


def test_pauses_grow_to_two_seconds() -> None:
    route = _made()
    pauses = [route.failed(GONE, 100.0) for _ in range(3000)]
    assert pauses[0] == 0.0
    assert 0.1 <= pauses[1] <= 0.2
    assert all(1.0 <= pause <= 2.0 for pause in pauses[10:])


def test_gives_up_when_patience_ends() -> None:
    route = _made(patience_s=60.0)
    route.failed(GONE, 100.0)
    route.failed(GONE, 159.0)
    with pytest.raises(NotConnected, match="for 60 s: gone"):
        route.failed(GONE, 160.0)


def test_short_connections_do_not_renew_patience() -> None:
    """Two programs that evict one another, should the reason not reach them, end."""
    route = _made(patience_s=60.0)
    for now in range(100, 160, 2):
        route.failed(GONE, float(now))
        route.made(float(now))
    with pytest.raises(NotConnected):
        route.failed(GONE, 161.0)


def test_a_steady_connection_renews_it() -> None:
    route = _made(patience_s=60.0)
    for now in range(100, 1000, 10):
        assert route.failed(GONE, float(now)) == 0.0
        route.made(float(now))


@pytest.mark.parametrize(
    "error", [LoginRefused("no"), CutOff("EVICTED", "EVICTED: x"), CutOff("KICKED", "KICKED: x")]
)
def test_what_is_final_is_raised(error: ClientError) -> None:
    with pytest.raises(type(error)):
        _made().failed(error, 0.0)


def test_no_patience_raises_the_cut_itself() -> None:
    with pytest.raises(CutOff, match="CLOSING"):
        _made(patience_s=0).failed(CLOSING, 100.0)
