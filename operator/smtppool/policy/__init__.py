"""Pure decisions: frozen facts in, a decision with its reason out.

Nothing here knows a clock, a socket, kopf or the Kubernetes client; the time is an argument, and a step that depends on
time names the moment (`next_check`) at which it must be asked again.
"""
