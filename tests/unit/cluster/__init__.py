"""Unit tests of the test cluster's pure parts: decisions, names, configurations."""
