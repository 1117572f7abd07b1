"""From game records to a trained network: records, store, loader, model, training, evaluation and export."""
