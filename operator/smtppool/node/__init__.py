"""The egress program of a node: one nftables table, kept as `<node>-egress` says, and a report of it.

It decides nothing, writes one ConfigMap and touches nothing of the node but that table and stale flows of relay pods.
"""
