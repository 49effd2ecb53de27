"""Decks of slides from the notebooks: which cell stands where, and how a deck is built."""
