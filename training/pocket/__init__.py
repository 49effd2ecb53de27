"""The stages of `python -m training all`: the pocket model's parts, and the judge."""
