"""The load generator: sends mail as a client of the pool and reports exactly what it was told."""
