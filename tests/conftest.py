"""Its place puts `tests/` on the import path, so that every room finds `checkers`."""
