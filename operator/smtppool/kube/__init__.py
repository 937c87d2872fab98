"""How the operator, agents and nodes reach the API server: reads by cache, writes by server-side apply, each one owned.

And how their logs look. No decision is made here. Nothing in this package knows kopf.
"""
