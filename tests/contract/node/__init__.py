"""The node program against a real kernel: a pod, a node and an internet in network namespaces of their own."""
