"""The mirror: a minimal second core, written from spec/ alone, with Python's standard library.

It lives through the same journal as the venue and says the same events and state images, byte for
byte. Nothing here imports from the rest of the package, so that no bug can pass both.

Where things are, in the order in which a command meets them:

* `messages`: layouts of commands; `codes`: what their numbers mean; `events`: layouts of events.
* `market`: what is known, one class for each table of spec/state.md; `book`: one side of a book;
  `waiting`: stops that wait.
* `core`: takes a record, judges checks 1 to 8a, hands it to its handler, then settles: position
  rows, combinations that come within reach, stops.
* `entry`, `stops`, `cancel`, `quotes`: a member's commands; `reference`, `phases`, `acts` and
  `carry`: the exchange's; `combinations`: one of these, and what it leads to.
* `checks`: one service for each check, in the order of spec/risk.md: `permission`, `price`,
  `quantity`, `position`, `funds`; each answers 0 or a reject reason and changes nothing.
* `matching`: an order on its way in: sweep, self-trades, remainder; `auction`: a call auction.
* `image`, `journal`, `sequencer`, `mirror`: the state as bytes, the files, the wiring.

An order is one object for its whole life: `Order.freeze(lots)` counts its unfilled lots in its
position row and its member's credit, `freeze(-lots)` releases them, `fill(lots, price)` moves them.
A leg of a quote is an Order whose order_id mod 1024 is not 0, found through `Market.quotes`.
`Member.orders` holds the live ones by id, stops that wait among them, `Instrument.sides` and
`Instrument.stops` the same by contract. Whoever trades adds the rows that changed to
`Market.touched` and, where the contract has stops, the price to `Instrument.traded`.
"""
