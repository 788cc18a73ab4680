"""Tapes played through the venue and held against what the exchange published.

Every function returns a `check.Result`: a line for each thing compared, N of N, and the first
difference in words.
"""

from collections.abc import Callable

import numpy as np

from twinex.tape import lobster, lobster_player
from twinex.tape.check import Result, compare_books, compare_trades
from twinex.tape.columns import OWN_IDS, PHASE_WORDS
from twinex.tape.exact import price_text
from twinex.tape.lobster import BookDay
from twinex.tape.lobster_player import Play
from twinex.tape.outcome import Outcome
from twinex.tape.shanghai import StockDay
from twinex.tape.stage import lobster_stage, shanghai_stage
from twinex.tape.venue_player import Played, System, VenuePlayer, Watch
from twinex.venue.venue import Venue
from twinex.venue.wire import codes


def play_shanghai(
    day: StockDay, watch: Watch | None = None, system: Callable[..., System] = Venue
) -> Played:
    """The stock-day in a system in memory. Raises the errors of `shanghai_stage`."""
    return VenuePlayer(shanghai_stage(day), day.commands, system=system).run(watch=watch)


def check_shanghai(
    day: StockDay, watch: Watch | None = None, system: Callable[..., System] = Venue
) -> Result:
    """Every trade of the exchange, phase by phase, the auction prices, and what deletes took."""
    outcome = Outcome(play_shanghai(day, watch, system).events)
    result = Result()
    _note_refused(result, outcome, len(day.commands))
    result.add(compare_trades(day.trades, outcome.trades()))
    _note_auctions(result, day, outcome)
    _note_deletes(result, day, outcome)
    return result


def _note_refused(result: Result, outcome: Outcome, sent: int) -> None:
    first = outcome.first_refused()
    if first is None:
        result.note(f"{sent} of {sent} commands are taken")
        return
    count = outcome.refused().total()
    result.note(
        f"{sent - count} of {sent} commands are taken; the first refused has client "
        f"id {first[0]}: {first[1]}",
        ok=False,
    )


def _note_auctions(result: Result, day: StockDay, outcome: Outcome) -> None:
    """The price that the rule found; the exchange's is that of its auction trades."""
    for auction in outcome.auctions():
        theirs = np.unique(day.trades["price"][day.trades["phase"] == auction.phase])
        word = PHASE_WORDS[auction.phase]
        if theirs.tolist() == [auction.price]:
            result.note(f"{word}: the rule finds the exchange's price {price_text(theirs[0])}")
            continue
        prices = ", ".join(price_text(price) for price in theirs) or "none"
        result.note(
            f"{word}: the exchange's price is {prices}, ours {price_text(auction.price)}",
            ok=len(theirs) == 0 and auction.price == 0,
        )


def _note_deletes(result: Result, day: StockDay, outcome: Outcome) -> None:
    """A delete names the lots that were left of its order."""
    deletes = day.commands[day.commands["template"] == codes.ORDER_CANCEL]
    deletes = deletes[np.argsort(deletes["client_id"])]
    ids, lots = outcome.cancelled()
    ours = dict(zip(ids.tolist(), lots.tolist(), strict=True))
    theirs = zip(deletes["client_id"].tolist(), deletes["quantity"].tolist(), strict=True)
    wrong = [place for place, (name, left) in enumerate(theirs) if ours.get(name) != left]
    same = len(deletes) - len(wrong)
    result.note(f"{same} of {len(deletes)} deletes take the lots that were left", ok=not wrong)
    if wrong:
        first = deletes[wrong[0]]
        result.note(
            f"the delete of order {first['order']}: the exchange says {first['quantity']} lots, "
            f"we say {ours.get(int(first['client_id']), 0)}",
            ok=False,
        )


def play_lobster(
    day: BookDay, play: Play, watch: Watch | None = None, system: Callable[..., System] = Venue
) -> Played:
    """The day in a system in memory, with the book after each message (`Played.books`)."""
    player = VenuePlayer(lobster_stage(day), play.commands, system=system)
    return player.run(play.ends, day.books.shape[1], watch)


def check_lobster(
    day: BookDay,
    play: Play | None = None,
    watch: Watch | None = None,
    system: Callable[..., System] = Venue,
) -> Result:
    """The book after every message, and every execution. `play`: the day as commands."""
    play = play or lobster_player.player(day)
    played = play_lobster(day, play, watch, system)
    outcome = Outcome(played.events)
    result = Result()
    _note_refused(result, outcome, len(play.commands))
    _note_executions(result, day, play, outcome.trades())
    result.add(compare_books(day.books, played.books, play.determined))
    _explain(result, day, play)
    return result


def _note_executions(result: Result, day: BookDay, play: Play, trades: np.ndarray) -> None:
    """Each visible execution: its lots at its price, with the order it names.

    Where the tape has not told of that order, one of our own stands in for it (`lobster_player`).
    """
    sent = play.commands[play.commands["time_in_force"] == codes.TIME_FAK]
    messages = day.messages[sent["row"]]
    bought = trades["side"] == codes.SIDE_BUY
    incoming = np.where(bought, trades["buyer"], trades["seller"])
    resting = np.where(bought, trades["seller"], trades["buyer"])
    place = np.minimum(np.searchsorted(sent["client_id"], incoming), len(sent) - 1)
    own = resting >= OWN_IDS
    fits = (sent["client_id"][place] == incoming) & (trades["price"] == messages["price"][place])
    fits &= own | (resting == messages["order"][place])
    lots = np.bincount(place, np.where(fits, trades["quantity"], -1), len(sent))
    same = lots == messages["quantity"]
    named = len(np.unique(place[fits & ~own]))
    result.note(
        f"{np.count_nonzero(same)} of {len(sent)} executions trade the tape's lots at its price, "
        f"{named} of them with the very order it names, the others with one of ours in its stead",
        ok=bool(same.all()),
    )
    if not same.all():
        first = int(np.argmin(same))
        met = np.flatnonzero(place == first)
        columns = (resting[met], trades["price"][met], trades["quantity"][met])
        ours = ", ".join(_meeting(*row) for row in zip(*columns, strict=True))
        message = messages[first]
        theirs = _meeting(message["order"], message["price"], message["quantity"])
        result.note(
            f"message {sent['row'][first]}: the exchange says {theirs}, we say {ours or 'none'}",
            ok=False,
        )


def _meeting(order: int, price: int, lots: int) -> str:
    return f"order {order} {price_text(price)} x {lots}"


def _explain(result: Result, day: BookDay, play: Play) -> None:
    """Where the tape leaves a level open, and where it contradicts itself."""
    counts, first = play.counts, int(np.count_nonzero(~play.determined[0]))
    result.note(
        f"undetermined: the {first} levels of the first row, and a level in the row in which it "
        f"comes up from beyond the last one published: {counts.kept_levels} with the lots we had "
        f"kept, {counts.resized_levels} with others, {counts.unseen_levels} never seen before"
    )
    result.note(
        f"set right: {counts.gone_levels} levels had gone unseen; {counts.unknown} messages name "
        f"orders that ours stand in for, {counts.refitted} an order changed out of view"
    )
    hidden = np.count_nonzero(day.messages["type"] == lobster.EXECUTED_HIDDEN)
    result.note(
        f"{counts.in_turn} of {counts.executions} executions meet the first order of their level "
        f"as told; {counts.requeued} orders stood before one; {hidden} hidden executions have no "
        "order in the book"
    )
    for words in play.contradictions:
        result.note(f"the tape contradicts time priority at {words}")
