"""Moving pictures: the network that paints them, a player, a ruler of how the planet turns."""
