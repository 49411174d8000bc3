"""Training: batches, the loop, checkpoints, and the monitor that watches it."""
