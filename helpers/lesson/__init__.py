"""What teaches: exercises and their grading, short trainings, measured figures, examples."""
