"""A training run: device, optimisers, schedule, checkpoints, and the loop."""
