"""Readers of committed days: contracts, ladders, views. They know nothing of who trades."""
