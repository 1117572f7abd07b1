"""One TOML file a preset: a network and the training that suits it."""
