"""The simulated trading day: traders, the run of a day, and the report of it."""
