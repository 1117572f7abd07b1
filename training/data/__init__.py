"""From SGF archives to training batches: sources, records, one HDF5 file of games, and the loader."""
