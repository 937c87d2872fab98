"""The hot path of a relay pod: Postfix asks here who may send, and which way each recipient goes.

Answers come from memory, from one small table that the agent writes; no Kubernetes, no DNS, no log. Whatever is not
understood is answered with a 4xx, so that mail waits rather than leaves wrongly or is lost.
"""
