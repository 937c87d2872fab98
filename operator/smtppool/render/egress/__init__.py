"""How an egress address is attached to a relay: one small file per egress provider.

Callers use `table.egress_provider(server.relay)` and, for the pod's placement, `placement.pinned_affinity`.
"""
