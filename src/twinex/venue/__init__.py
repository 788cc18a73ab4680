"""The venue: the main system. Compiled core, memory-mapped journal.

It shares only `spec/` with the mirror.
"""
