"""Bytes on the wire: the message schema as NumPy dtypes, and messages in and out of bytes."""
