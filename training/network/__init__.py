"""Layers, blocks, heads and the network made of them."""
