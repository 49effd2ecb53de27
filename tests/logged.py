"""What a reader would see of the libraries' logs."""

import logging
from contextlib import contextmanager


@contextmanager
def all_that_is_logged():
    """A list of the records that diffusers, transformers and huggingface_hub show inside the block."""
    shown, handler = [], logging.Handler()
    handler.emit = shown.append
    loggers = [logging.getLogger(name) for name in ("diffusers", "transformers", "huggingface_hub")]
    for each in loggers:
        each.addHandler(handler)
    try:
        yield shown
    finally:
        for each in loggers:
            each.removeHandler(handler)
