"""Protein chains as angles: their shape, the network that denoises them, ribbons."""
