"""The journal on disk: checksums, segments, gate, readers, recovery (`spec/journal.md`)."""
