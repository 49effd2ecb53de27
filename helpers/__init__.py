"""What the notebooks import: models, seeds, the denoising loop, figures, and clear error messages."""
