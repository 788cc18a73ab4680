"""A simulated day of a market with combinations: nobody there trades them, and they do no harm."""

from collections import Counter
from pathlib import Path

from twinex.readers.listing import listing_of
from twinex.venue.journal.reader import EventReader, JournalReader

from .small_day import make_day


def test_a_day_of_a_market_with_combinations(tmp_path: Path) -> None:
    made = make_day(tmp_path / "open", market="open", commands=3_000)
    sent = Counter(record.message.name for record in JournalReader(made.directory))
    assert sent["combination_define"] == 2
    spreads = listing_of(made.directory).symbols[-2:]
    assert spreads == ["SP AA2607&AA2608", "SP BB2607&BB2608"]
    contracts = [one["symbol"] for one in made.summary["contracts"]]
    assert contracts == listing_of(made.directory).symbols[:-2]
    told = [event.message for event in EventReader(made.directory)]
    refused = [fields for name, fields in told if name == "command_rejected"]
    assert all(fields["seat"] > 0 for fields in refused), "the exchange's own commands go through"
    trades = Counter(name for name, _ in told)["trade"]
    assert trades > 0
    assert sum(one["trades"] for one in made.summary["contracts"]) == trades
