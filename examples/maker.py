"""A market maker in a page: keeps a quote around a price, and moves away from what it holds.

    python examples/maker.py localhost:7001 --seat 7 --instrument 1 --account 201 --around 4012.4

The password is read from the environment, TWINEX_PASSWORD. Ends with the day, or by Ctrl-C, and
withdraws its quote then.
"""

import argparse
import contextlib
import os
import sys

from twinex.client import ClientError, Hedge, Member, Rejected, price, price_text
from twinex.client.events import Event, OrderFilled, PositionChanged


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="keeps a quote around a price")
    parser.add_argument("addresses", nargs="+", help="host:port of the market and its stand-ins")
    parser.add_argument("--seat", type=int, default=int(os.environ.get("TWINEX_SEAT", "0")))
    parser.add_argument("--instrument", type=int, required=True)
    parser.add_argument("--account", type=int, required=True)
    parser.add_argument("--around", type=price, required=True, help="price in quote units")
    parser.add_argument("--tick", type=price, default=price("0.2"))
    parser.add_argument("--half-width", type=int, default=2, help="ticks on either side")
    parser.add_argument("--lots", type=int, default=5)
    return parser.parse_args()


class Maker:
    """Quotes `lots` on both sides; leans one tick against each `lots` that it holds."""

    def __init__(self, member: Member, wanted: argparse.Namespace) -> None:
        self.member, self.wanted = member, wanted
        self.held = 0  # lots: long minus short

    def quote(self) -> None:
        wanted = self.wanted
        middle = wanted.around - self.held // wanted.lots * wanted.tick
        away = wanted.half_width * wanted.tick
        bid, ask, lots = middle - away, middle + away, wanted.lots
        request = self.member.quote(
            wanted.instrument, wanted.account, bid, lots, ask, lots, hedge=Hedge.MARKET_MAKER
        )
        try:
            request.wait(timeout=10)
            print(f"quotes {price_text(bid)} / {price_text(ask)}, holds {self.held}")
        except Rejected as refused:
            print(f"no quote: {refused}")

    def take(self, event: Event) -> None:
        """Quotes anew after each fill, once its position is known."""
        if isinstance(event, OrderFilled):
            print(f"{event.side.name} {event.quantity} at {price_text(event.price)}")
        elif isinstance(event, PositionChanged):
            long = event.long_today + event.long_yesterday
            self.held = long - event.short_today - event.short_yesterday
            self.quote()

    def withdraw(self) -> None:
        wanted = self.wanted
        nothing = self.member.quote(
            wanted.instrument, wanted.account, 0, 0, 0, 0, hedge=Hedge.MARKET_MAKER
        )
        with contextlib.suppress(Rejected):  # as the phase takes no cancels
            nothing.wait(timeout=10)


def main() -> None:
    wanted = _arguments()
    secret = os.environ["TWINEX_PASSWORD"]
    with Member(wanted.addresses, seat=wanted.seat, password=secret) as member:
        maker = Maker(member, wanted)
        maker.quote()
        try:
            for event in member.events():
                maker.take(event)
        except KeyboardInterrupt:
            maker.withdraw()


if __name__ == "__main__":
    try:
        main()
    except ClientError as error:
        sys.exit(f"maker: {error}")
