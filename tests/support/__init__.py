"""What the tests share: references that are slow and obviously right, positions, games, and fakes."""
