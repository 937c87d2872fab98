"""What demo, end-to-end tests and benchmarks stand on: the installed operator, pools, senders, and waiting."""
