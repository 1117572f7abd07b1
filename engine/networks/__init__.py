"""The network that ships with Shicho and its model card."""
