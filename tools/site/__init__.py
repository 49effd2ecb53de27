"""The site: all notebooks as committed, docs/ and the decks as pages that open without a network."""
