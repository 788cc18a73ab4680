"""Twinex: a derivatives market in software that survives a bug in its own core."""

__version__ = "0.1.0"
