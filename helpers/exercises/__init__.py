"""The exercises' own checks, a module for each notebook."""
