"""Recorded markets: read, made into commands, and compared with what a book makes of them."""
