"""Measurements with a bar: each prints its figure, the bar, and how it was taken. Run `make bench`."""
