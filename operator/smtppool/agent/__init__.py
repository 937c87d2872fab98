"""The slow path of a relay pod: routing and grant in, HAProxy, gate and report out.

Everything here may fail without stopping mail: HAProxy, gate and Postfix work on with what they were told last.
"""
