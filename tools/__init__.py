"""Scripts: a picture, executed notebooks, badges, the lock, drawings."""
