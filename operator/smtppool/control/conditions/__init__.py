"""One file per condition: what a pass observed in, a verdict out. Conditions are observations, never checkpoints."""
