"""The venue: the main system. Compiled core, memory-mapped journal; shares only `spec/` with the mirror."""
