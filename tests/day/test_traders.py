"""The traders: each sort trades, and what they know is what the venue says."""

from collections import Counter
from pathlib import Path

import numpy as np

from twinex.day.roster import BARRED, HEDGER, HOLDER, LONG, MAKER, SHORT, TAKER, build_roster
from twinex.venue.journal.reader import EventReader
from twinex.venue.wire import codes
from twinex.venue.wire.schema import ENUMS

from .small_day import make_day, small_day

ROOT = Path(__file__).parents[2]
CAP = 8

# One of every kind of mistake that some trader makes in every day at CFFEX.
REASONS = """
    CLIENT_ID_INVALID ID_REUSED MEMBER_INACTIVE ACCOUNT_UNKNOWN ACCOUNT_INACTIVE INSTRUMENT_UNKNOWN
    CLOSE_ONLY PHASE_NO_ENTRY FIELD_INVALID OFFSET_UNSUPPORTED MINIMUM_INVALID PRICE_OFF_TICK
    PRICE_ABOVE_LIMIT PRICE_BELOW_LIMIT PRICE_NOT_ALLOWED QUANTITY_BELOW_MINIMUM
    QUANTITY_ABOVE_MAXIMUM POSITION_INSUFFICIENT ORDER_UNKNOWN ORDER_DONE
"""


def fills() -> list[dict]:
    reader = EventReader(small_day().directory)
    return [event.message.fields for event in reader if event.message.name == "order_filled"]


def test_every_sort_of_trader_trades() -> None:
    roster = small_day().run.opening.roster
    role = dict(zip(roster.account.tolist(), roster.role.tolist(), strict=True))
    assert {role[one["account"]] for one in fills()} == {MAKER, TAKER, HEDGER, HOLDER}


def test_holders_only_close_and_the_barred_do_nothing() -> None:
    roster = small_day().run.opening.roster
    holders = set(roster.account[roster.role == HOLDER].tolist())
    barred = set(roster.account[roster.role == BARRED].tolist())
    for one in fills():
        assert one["account"] not in barred
        assert one["account"] not in holders or one["offset"] == codes.OFFSET_CLOSE


def test_hedgers_are_near_balance_at_the_end() -> None:
    hedgers = small_day().run.crew.hedgers
    began = small_day().run.opening.held[hedgers.traders]
    ended = hedgers.desk.held[hedgers.traders].sum(axis=-1)
    assert np.abs(ended - began).sum() > 0
    # Less than what they may trade at once; the last options of the closing auction are not hedged.
    assert np.abs(hedgers.imbalance()).max() <= 20


def test_the_desk_knows_what_the_events_say() -> None:
    run = small_day().run
    listing, roster = run.opening.listing, run.opening.roster
    held = run.opening.held.copy()
    rows = {account: row for row, account in enumerate(roster.account.tolist())}
    for event in EventReader(small_day().directory):
        name, one = event.message
        if name == "position_changed":
            place = rows[one["account"]], listing.slot_of[one["instrument"]]
            held[(*place, LONG)] = one["long_today"] + one["long_yesterday"]
            held[(*place, SHORT)] = one["short_today"] + one["short_yesterday"]
    assert (run.desk.held.sum(axis=-1) == held).all()


def test_speculators_stop_at_the_opening_cap(tmp_path: Path) -> None:
    text = (ROOT / "markets" / "cffex.toml").read_text()
    rule = "opening_cap = [{ from = 2010-04-16, value = %s }]"
    market = tmp_path / "cffex.toml"
    market.write_text(text.replace(rule % 500, rule % CAP))
    day = make_day(tmp_path / "day", market=str(market), commands=12_000)
    roster, listing = day.run.opening.roster, day.run.opening.listing
    capped = set(listing.instrument[listing.opening_cap > 0].tolist())
    assert len(capped) == 16
    speculators = set(roster.account[roster.hedge == codes.HEDGE_SPECULATION].tolist())
    opened: Counter[tuple[int, int]] = Counter()
    entered = refused = 0
    for event in EventReader(day.directory):
        name, one = event.message
        if name == "order_filled" and one["offset"] == codes.OFFSET_OPEN:
            opened[one["account"], one["instrument"]] += one["quantity"]
        elif name == "order_accepted" and one["account"] in speculators:
            entered += one["instrument"] in capped
        elif name == "command_rejected" and one["account"] in speculators:
            refused += one["reject_reason"] == codes.REJECT_OPENING_CAP
    ours = {key: lots for key, lots in opened.items() if key[0] in speculators}
    assert max(lots for key, lots in ours.items() if key[1] in capped) == CAP
    assert max(lots for key, lots in ours.items() if key[1] not in capped) > CAP
    # Two orders of one client in one step may be too much together.
    assert refused * 50 < entered, (refused, entered)


def test_nothing_rests_and_nothing_is_frozen_after_the_close() -> None:
    desk = small_day().run.desk
    assert not desk.rows["resting"].any()
    assert (desk.frozen == 0).all()


def test_every_kind_of_order_and_of_mistake_is_seen() -> None:
    summary = small_day().summary
    kinds = {f"{kind} {time}" for kind in ENUMS["PriceKind"] for time in ("day", "fak")}
    assert kinds | {"limit fok"} == set(summary["orders"])
    assert set(REASONS.split()) <= set(summary["rejects"])
    share = sum(summary["rejects"].values()) / summary["commands"]
    assert share < 0.05, "a day is not made of mistakes"


def test_overnight_longs_equal_shorts() -> None:
    held = small_day().run.opening.held
    assert (held[:, :, LONG].sum(axis=0) == held[:, :, SHORT].sum(axis=0)).all()
    makers_and_takers = build_roster().role < HEDGER
    assert (held[makers_and_takers] == 0).all()


def test_books_are_two_sided_and_narrow() -> None:
    books = small_day().summary["books"]
    assert [book["symbol"][:2] for book in books] == ["IF", "IO"]
    for book in books:
        bid, ask = (float(book[side][0][0]) for side in ("bids", "asks"))
        assert bid < ask < bid * 1.3
