"""Scripts that draw what lies in images/ and beside the models."""
