"""Kubernetes operator for pools of outbound SMTP relays."""

__version__ = "0.1.0"
