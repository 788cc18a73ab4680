"""A taker in a page: buys or sells so many lots at a price or better, in slices, with asyncio.

    python examples/taker.py localhost:7001 --seat 8 --instrument 1 --account 202 \\
        --side buy --price 4013 --lots 20

The password is read from the environment, TWINEX_PASSWORD.
"""

import argparse
import asyncio
import os
import sys

from twinex.client import (
    AsyncMember,
    ClientError,
    Rejected,
    Side,
    TimeInForce,
    Until,
    price,
    price_text,
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="takes lots at a price or better, in slices")
    parser.add_argument("addresses", nargs="+", help="host:port of the market and its stand-ins")
    parser.add_argument("--seat", type=int, default=int(os.environ.get("TWINEX_SEAT", "0")))
    parser.add_argument("--instrument", type=int, required=True)
    parser.add_argument("--account", type=int, required=True)
    parser.add_argument("--side", choices=("buy", "sell"), required=True)
    parser.add_argument("--price", type=price, required=True, help="in quote units")
    parser.add_argument("--lots", type=int, required=True)
    parser.add_argument("--slice", type=int, default=5, help="lots at a time")
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between tries")
    return parser.parse_args()


async def _take(member: AsyncMember, wanted: argparse.Namespace, lots: int) -> int:
    """One fill-and-kill order: what the market has at the price now; lots that it filled."""
    order = member.enter(
        wanted.instrument,
        wanted.account,
        Side[wanted.side.upper()],
        wanted.price,
        lots,
        time_in_force=TimeInForce.FAK,
    )
    try:
        await order.wait(Until.DONE, timeout=10)
    except Rejected as refused:
        print(f"refused: {refused}")
        return 0
    if order.filled:
        print(f"{order.filled} lots at {price_text(order.turnover // order.filled)}")
    return order.filled


async def _main() -> None:
    wanted = _arguments()
    left = wanted.lots
    secret = os.environ["TWINEX_PASSWORD"]
    async with AsyncMember(wanted.addresses, seat=wanted.seat, password=secret) as member:
        for _ in range(wanted.tries):
            left -= await _take(member, wanted, min(left, wanted.slice))
            if not left:
                break
            await asyncio.sleep(wanted.pause)
    print(f"{wanted.lots - left} of {wanted.lots} lots")


if __name__ == "__main__":
    try:
        asyncio.run(_main())
    except ClientError as error:
        sys.exit(f"taker: {error}")
