"""Reading the hand-worked vectors of `spec/vectors`, and holding a system to them.

Nothing here imports the systems under test, except the adapters in `systems`.
"""
