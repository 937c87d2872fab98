"""The user's kinds and the documents that travel between operator, agents and nodes.

Only pydantic is imported here: every other layer may depend on these models, they depend on nothing.
"""
