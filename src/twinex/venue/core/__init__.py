"""The venue's core: a deterministic function from journal records to event bytes.

No clock, no random number, no float, no file is read here. Every function runs compiled and, with
`NUMBA_DISABLE_JIT=1`, as plain Python, with the same bytes as the result.
"""
