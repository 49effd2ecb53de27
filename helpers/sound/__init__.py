"""Sounds as spectrograms: there and back, the network that paints them, a player, an ear."""
