"""What a venue made of a tape, read from its events: trades, refusals, cancels, auctions."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from twinex.tape.columns import CLOSING_AUCTION, CONTINUOUS, OPENING_AUCTION, TRADE
from twinex.venue.events import Events, events_of
from twinex.venue.wire import codes
from twinex.venue.wire.schema import ENUMS

_REASONS = {code: name for name, code in ENUMS["RejectReason"].items()}


class Auction(NamedTuple):
    """One auction held: phase of the tape, price (0 if nothing crossed) and lots."""

    phase: int
    price: int
    volume: int


class Outcome:
    """The events of one played day. `events`: uint8, as a venue gave them."""

    def __init__(self, events: np.ndarray) -> None:
        self.events: Events = events_of(events)
        self._changes = self.events.of("phase_changed")

    def trades(self) -> np.ndarray:
        """Every trade in order, as columns.TRADE; buyer and seller are the tape's order numbers."""
        rows = self.events.of("trade")
        accepted = self.events.of("order_accepted")
        trades = np.zeros(len(rows), dtype=TRADE)
        for ours, theirs in (("buyer", "buy_order_id"), ("seller", "sell_order_id")):
            place = np.searchsorted(accepted["order_id"], rows[theirs])
            trades[ours] = accepted["client_id"][place]
        for name in ("price", "quantity", "side", "time_ns"):
            trades[name] = rows[name]
        trades["row"] = rows["sequence"]
        trades["phase"] = self._phases(rows["sequence"])
        return trades

    def _phases(self, sequences: np.ndarray) -> np.ndarray:
        """The tape's phase in which each command stands: the opening auction, what comes after it
        until continuous trading ends, the closing auction."""
        trading = self._changes["phase"] == codes.PHASE_CONTINUOUS
        auction = self._changes["phase"] == codes.PHASE_AUCTION_MATCH
        begun = np.cumsum(trading) > 0
        phase = np.where(begun, CONTINUOUS, OPENING_AUCTION)
        phase[begun & auction] = CLOSING_AUCTION
        place = np.searchsorted(self._changes["sequence"], sequences, side="right") - 1
        chosen: np.ndarray = phase[place]
        return chosen

    def auctions(self) -> list[Auction]:
        """The auctions that were held, in order."""
        rows = self.events.of("auction_matched")
        columns = (self._phases(rows["sequence"]), rows["auction_price"], rows["auction_volume"])
        return [Auction(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]

    def refused(self) -> Counter[str]:
        """How many commands were refused, by reason."""
        rows = self.events.of("command_rejected")
        return Counter(_REASONS[code] for code in rows["reject_reason"].tolist())

    def first_refused(self) -> tuple[int, str] | None:
        """Client id of the first command refused, and why."""
        rows = self.events.of("command_rejected")
        if len(rows) == 0:
            return None
        return int(rows["client_id"][0]), _REASONS[int(rows["reject_reason"][0])]

    def cancelled(self) -> tuple[np.ndarray, np.ndarray]:
        """(client ids, lots) of the cancels that took an order out, ascending by client id."""
        rows = self.events.of("order_cancelled")
        rows = rows[rows["cancel_reason"] == codes.CANCEL_MEMBER]
        rows = rows[np.argsort(rows["request_id"])]
        return rows["request_id"], rows["quantity"].astype(np.int64)
