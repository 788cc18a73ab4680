"""All traders of the simulated day, one step at a time: what the desk knows in, frames out."""

import numpy as np
import numpy.typing as npt

from twinex.day.desk import Desk, concatenate
from twinex.day.hedgers import Hedgers
from twinex.day.makers import Makers
from twinex.day.mischief import Mischief
from twinex.day.takers import Takers
from twinex.day.valuation import Valuation
from twinex.readers.block import EventBlock
from twinex.venue.wire import codes
from twinex.venue.wire.messages import frame_array

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

# Of a thousand commands, so many are for these; the makers have the rest.
_TAKERS, _GIVE_UP, _HOLDERS, _HEDGERS, _MISCHIEF = 230, 60, 20, 30, 12
_MAKERS = 1000 - _TAKERS - _GIVE_UP - _HOLDERS - _HEDGERS - _MISCHIEF

_AUCTIONS = (codes.PHASE_AUCTION_ORDERING, codes.PHASE_AUCTION_NO_CANCEL)


class Crew:
    """Everyone who trades. `phases` holds the phase of each product by its number."""

    def __init__(self, desk: Desk, valuation: Valuation, seed: int) -> None:
        seeds = np.random.SeedSequence(seed).spawn(5)
        random = [np.random.default_rng(part) for part in seeds]
        self.desk = desk
        self.valuation = valuation
        self.makers = Makers(desk, valuation, random[0])
        self.takers = Takers(desk, valuation, random[1])
        self.hedgers = Hedgers(desk, valuation, random[2])
        self.mischief = Mischief(desk, valuation, random[3])
        self.random = random[4]
        self.phases = np.zeros(64, dtype=np.int64)
        self._block = EventBlock()
        self._sent: npt.NDArray[np.void] = frame_array("order_enter", 0)  # one entry, a step ago

    def hear(self, events: Bytes) -> EventBlock:
        """Learn from events; the block stays loaded until the next call."""
        block = self._block.load(events)
        changes = block.place("phase_changed")
        if len(changes):
            self.phases[block.column("product", changes)] = block.column("phase", changes)
        self.desk.hear(block)
        return block

    def step(self, count: int) -> tuple[int, Bytes]:
        """About `count` commands for this moment: how many they became, and their frames."""
        phase = self.phases[self.desk.listing.product]
        continuous = phase == codes.PHASE_CONTINUOUS
        auction = np.isin(phase, _AUCTIONS)
        pieces = [*self._disturb(phase, count), *self._trade(continuous, auction, count)]
        framed = [piece.view(np.uint8) for piece in pieces if len(piece)]
        total = sum(len(piece) for piece in pieces)
        return total, np.concatenate(framed) if framed else np.zeros(0, dtype=np.uint8)

    def _trade(self, continuous: Flags, auction: Flags, count: int) -> list[npt.NDArray[np.void]]:
        ordering = self.phases[self.desk.listing.product] == codes.PHASE_AUCTION_ORDERING
        cancellable = continuous | ordering
        parts = self._split(count)
        cancels, quotes = self.makers.act(continuous | auction, parts[0])
        collecting = int(auction.sum()) * 1000 // max(1, int((auction | continuous).sum()))
        orders = concatenate(
            [
                quotes,
                self.takers.act(continuous, parts[1]),
                self.takers.auction(auction, (parts[1] + parts[0] // 4) * collecting // 1000),
                self.takers.close_out(continuous, parts[3]),
                self.hedgers.act(continuous, parts[4]),
            ]
        )
        ids, frames = self.desk.enter(orders)
        self.makers.placed(ids[: len(quotes.trader)])
        frames = _rows(frames, self.random.permutation(len(frames)))
        self._sent = _rows(frames, np.arange(min(1, len(frames))))
        given_up = self.takers.give_up(parts[2], cancellable)
        # Quotes go before they are replaced; makers of an auction that takes no cancels keep them.
        return [self.desk.cancel(cancels), self.desk.cancel(given_up), frames]

    def _split(self, count: int) -> list[int]:
        """`count` shared out; fractions are drawn, so that small steps are served too."""
        shares = np.array([_MAKERS, _TAKERS, _GIVE_UP, _HOLDERS, _HEDGERS, _MISCHIEF])
        drawn = self.random.integers(0, 1000, len(shares))
        return [int(part) for part in (shares * count + drawn) // 1000]

    def _disturb(self, phase: Ints, count: int) -> list[npt.NDArray[np.void]]:
        """What has to be refused, and a message sent twice."""
        share = self._split(count)[5]
        if share == 0 or self.desk.next_id < 2:
            return []
        anywhere = np.isin(phase, (*_AUCTIONS, codes.PHASE_CONTINUOUS))
        pieces = [
            self.mischief.act(anywhere, share),
            self.mischief.dead_cancels((share + int(self.random.integers(0, 4))) // 4),
        ]
        if self.random.integers(0, 64) == 0:
            pieces += [self.mischief.amends(1), self._sent]
        return pieces


def _rows(frames: npt.NDArray[np.void], rows: Ints) -> npt.NDArray[np.void]:
    """Whole frames in a new order. NumPy copies fields alone: the bytes between them would be
    whatever the memory held, and a day would not be its seed's."""
    whole = frames.view(np.dtype((np.void, frames.itemsize)))
    return whole[rows].view(frames.dtype)
