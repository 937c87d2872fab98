"""The operator: watch events fill a cache, keyed queues run passes, a pass makes the cluster as the objects say.

Each pass is gather (cache) -> policy (pure) -> render (pure) -> apply -> status, and reads everything anew: there is no
state here that a restart would miss.
"""
