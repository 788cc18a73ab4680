"""Where kernels write feed messages, and how one is written."""

from typing import NamedTuple

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.feed.schema import FEED, LAST, MESSAGE_MAX, SCHEMA_ID, SCHEMA_VERSION
from twinex.venue.tables import table, union_table
from twinex.venue.wire.schema import HEADER_BYTES, union_view

PLACE = np.dtype(
    [
        ("position", "i8"),  # bytes written
        ("count", "i8"),  # messages written
        ("whole", "i8"),  # messages of commands that have ended
        ("limit", "i8"),  # bytes that may be written
    ]
)


class Output(NamedTuple):
    """Messages one after another in `words`; `starts` has the byte where each begins."""

    place: np.ndarray  # one row
    words: np.ndarray  # int64
    rows: np.ndarray  # the same bytes as a union
    starts: np.ndarray  # int64


def empty_output(bytes_: int) -> Output:
    """Room for messages of so many bytes."""
    octets = np.zeros(bytes_ + FEED.itemsize + 8 & ~7, np.uint8)
    place = np.zeros(1, PLACE)
    place["limit"] = bytes_
    starts = np.zeros(bytes_ // (2 * HEADER_BYTES) + 2, np.int64)
    return Output(place, octets.view(np.int64), union_view(octets, FEED), starts)


@inner
def output_tables(output):
    """The output as kernels hand it on."""
    return Output(
        table(output.place),
        table(output.words),
        union_table(output.rows),
        table(output.starts),
    )


@inlined
def has_room(output, messages):
    """May so many messages more be written?"""
    place = output.place[0]
    return place["position"] + messages * MESSAGE_MAX <= place["limit"]


@inlined
def begin(output, template, time_ns, instrument):
    """A message of zeros but for its head; its row in `rows`. `template`: id and block length."""
    place = output.place[0]
    row = np.int64(place["position"]) >> 3
    for word in range(row, row + ((HEADER_BYTES + template[1]) >> 3)):
        output.words[word] = 0
    message = output.rows[row]
    message["block_length"] = template[1]
    message["template_id"] = template[0]
    message["schema_id"] = SCHEMA_ID
    message["version"] = SCHEMA_VERSION
    message["time_ns"] = time_ns
    message["instrument"] = instrument
    output.starts[np.int64(place["count"])] = place["position"]
    place["count"] += 1
    place["position"] += HEADER_BYTES + template[1]
    return row


@inner
def copy_last(source, target):
    """The message written last into one output, into another too."""
    place, start = target.place[0], np.int64(source.starts[np.int64(source.place[0]["count"]) - 1])
    length = np.int64(source.place[0]["position"]) - start
    target.starts[np.int64(place["count"])] = place["position"]
    for word in range(length >> 3):
        target.words[(np.int64(place["position"]) >> 3) + word] = source.words[(start >> 3) + word]
    place["count"] += 1
    place["position"] += length


@inner
def end_command(output):
    """Mark the last message of the command that ends, if it made any."""
    place = output.place[0]
    if place["count"] > place["whole"]:
        last = np.int64(output.starts[np.int64(place["count"]) - 1])
        output.rows[last >> 3]["flags"] = LAST
        place["whole"] = place["count"]
