"""Pure text and manifests, one file per child object.

Nothing here reads a clock, opens a socket or asks the API server: same input, same output.
"""
