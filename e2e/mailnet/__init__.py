"""The simulated internet of the end-to-end tests: DNS, mailbox providers, address echo and a load generator.

It runs in a container of its own beside the cluster and knows nothing of the operator: it sees what the real
internet would see, and nothing else.
"""
