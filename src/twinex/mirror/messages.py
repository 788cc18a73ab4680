"""Commands as bytes: the layouts of spec/messages.xml, and how long a block is."""

from __future__ import annotations

from struct import Struct

SCHEMA = 7701
RECORD = Struct("<I4xqqiiQHHHH")  # record header (journal.md) and SBE header; the crc is trusted
BLOCK = 48  # where a message's block begins in its record

ORDER_ENTER = Struct("<qiiqiiBBBBBB2xii")
ORDER_CANCEL = Struct("<qqq")
ORDER_AMEND = Struct("<qqqqi")
MASS_CANCEL = Struct("<qiiiBB")
STOP_ENTER = Struct("<qiiqiiBBBBBB2xiiqq")
QUOTE_ENTER = Struct("<qiiqqBB2xB3xii")
GROUP_SIZE = Struct("<HH")  # of a mass_quote: bytes of an entry, entries
QUOTE_REQUEST = Struct("<qii")
DAY_OPEN = Struct("<i")
PRODUCT_DEFINE = Struct("<16x" + "i" + "11Bx" + "qq" + "iiiiiB")
INSTRUMENT_DEFINE = Struct("<i4xi36xqqqq12xiB7xq")
MEMBER_DEFINE = Struct("<iB3xq")
SEAT_DEFINE = Struct("<ii")
ACCOUNT_DEFINE = Struct("<iB3xiiqq")
RIGHT_SET = Struct("<B11xii")
CREDIT_SET = Struct("<i4xq")
POSITION_SET = Struct("<8xiiiiB")
LIMITS_SET = Struct("<8xi36xqq")
PHASE_SET = Struct("<16xiB")
HALT_SET = Struct("<8xi4xiB")
TIMER = Struct("<16xiB")
RULE_SET = Struct("<8xi4xiB3xq")
GROUP_DEFINE = Struct("<8xiB")
RATE_SET = Struct("<iii4xq")
BLOCK_SET = Struct("<iB7xi22xB")
OPERATOR_CANCEL = Struct("<i4xiiiBB16xB")
FORCED_CLOSE = Struct("<8xiiqi4xB2xBBxB")
TRADE_BUST = Struct("<q30xB")
TRADE_CORRECT = Struct("<q8xq14xB")
ORDER_CARRY = Struct("<qiiqiiBBBBBB2xiiqqqii")
COMBINATION_DEFINE = Struct("<iii")

BLOCK_LENGTHS = {  # of every command, by template id
    1: 48, 2: 24, 3: 40, 4: 24, 5: 64, 6: 48, 7: 8, 8: 16, 20: 128, 21: 88, 22: 112, 23: 32, 24: 8,
    25: 56, 26: 24, 27: 16, 28: 32, 29: 64, 30: 24, 31: 24, 32: 24, 33: 56, 34: 32, 35: 16, 36: 24,
    37: 40, 38: 40, 39: 40, 40: 40, 41: 40, 42: 80, 43: 48,
}  # fmt: skip
