"""Pictures of positions, move probabilities, ladders and input planes, drawn with matplotlib."""
