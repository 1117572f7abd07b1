"""Which channels of a network detect what: correlations with labels of held-out games, and pictures of the best."""
