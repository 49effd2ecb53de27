"""The exercises' own grading, a module for each notebook."""
