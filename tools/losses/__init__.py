"""Where an engine loses: the score in the course of its lost games, as GNU Go estimates it."""
