"""Every other end-to-end figure: `make e2e`."""
