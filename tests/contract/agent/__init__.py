"""The agent with a real API server, a real HAProxy and the gate's own code."""
