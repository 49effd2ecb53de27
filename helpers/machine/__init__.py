"""What a model and its pictures need of the machine: its disk, its network, its memory, its processor."""
