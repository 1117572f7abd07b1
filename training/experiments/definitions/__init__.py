"""One TOML file an experiment; `training.experiments.definition` says what is in it."""
