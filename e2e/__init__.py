"""End-to-end tests: the test cluster, the simulated internet and the figures measured on them."""
