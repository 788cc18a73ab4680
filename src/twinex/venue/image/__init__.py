"""The canonical state image: taken of a core, written, read, held against itself, made a core of.

Spec: `spec/state.md`.
"""
