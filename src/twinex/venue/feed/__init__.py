"""Market data for everybody: committed events as feed messages, in MoldUDP64 (`spec/feed.md`)."""
