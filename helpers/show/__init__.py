"""What a reader sees: figures, films, sliders, pictures from a file."""
