"""End to end: the real cluster, the simulated internet, the demo and the tests on them."""
