"""The root of every failure that this package foresees: shown as one message, without a traceback."""


class ClusterError(Exception):
    """Something about the cluster, the machine or the request is not as it must be; the message says what."""
