"""The commands of `twinex`, one module each. They print; the rooms they call do the work."""
