"""The operator as a process against a real control plane; kubelets and agents are simulated by what they write."""
