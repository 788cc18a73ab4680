"""Checkers: what must hold of any system that follows `spec/`, judged by commands and events.

They share no code with the systems they judge: messages are decoded here from
`spec/messages.xml`, and every rule is written again from the prose, as plainly as possible.

    watch = Watch()
    for record in ...:
        watch.see(seat, message, events)   # bytes of one command, bytes of all its events
"""

from checkers.watch import Watch
from checkers.wire import Violation

__all__ = ["Violation", "Watch"]
