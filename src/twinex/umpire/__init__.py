"""The umpire: two systems over one journal, and the first difference between them in words.

`compare` and what it reads with import neither system; `systems` alone makes them, `recorded` alone
reads a venue's day.
"""
