"""What can go wrong, said in one sentence that also says what to do about it.

Every check of what a user passes in, and every failure of a model, has its words here and nowhere else.
"""

import math
import warnings
from contextlib import contextmanager


class InputError(ValueError):
    """Something that was passed in can't work: a size, a prompt, a seed, a model's name."""


class ModelError(RuntimeError):
    """A model can't be loaded or can't go on: files, network, memory, numbers that are not numbers."""


class Stopped(KeyboardInterrupt):
    """The reader pressed Stop. Jupyter shows the sentence alone; no further cells run."""

    def _render_traceback_(self):  # IPython asks for it
        return [f"Stopped: {self}"]


@contextmanager
def stop_in_a_sentence(words):
    """Turn an interrupt inside the block into one `Stopped` with these words, however deep it came."""
    try:
        yield
    except Stopped:  # it has its words already
        raise
    except KeyboardInterrupt:
        raise Stopped(words) from None


def check_prompt(prompt):
    """Raise InputError unless the prompt is a string with at least one visible character."""
    if not isinstance(prompt, str):
        raise InputError(f"A prompt is text, but this one is a {type(prompt).__name__}: put it in quotes.")
    if not prompt.strip():
        raise InputError('The prompt is empty: say what to paint, such as "an astronaut on mars".')


def cut_words(tokenizer, prompt):
    """The words at a prompt's end that the text encoder doesn't read (75 tokens for CLIP); "" if none."""
    limit = tokenizer.model_max_length - 2  # the start and the end token take two places
    words, used = prompt.split(), 0
    for kept, word in enumerate(words):
        used += len(tokenizer(word, add_special_tokens=False).input_ids)
        if used > limit:
            return " ".join(words[kept:])
    return ""


def check_length(tokenizer, prompt):
    """Raise InputError, naming the words, when a prompt is longer than the text encoder reads."""
    if cut := cut_words(tokenizer, prompt):
        limit = tokenizer.model_max_length - 2
        raise InputError(f'The prompt is longer than {limit} tokens: shorten it by as much as "{cut}".')


def warn_if_cut(tokenizer, prompt):
    """Warn, naming the words, when a prompt is longer than the text encoder reads (75 tokens for CLIP)."""
    if cut := cut_words(tokenizer, prompt):
        limit = tokenizer.model_max_length - 2
        warnings.warn(
            f'The prompt is longer than {limit} tokens, and these words were cut off: "{cut}". '
            "Shorten it, or move what matters to the front.",
            stacklevel=3,
        )


def check_size(height, width, pixels_per_latent):
    """Raise InputError unless both sides, in pixels, are positive multiples of what the VAE can divide."""
    factor = math.lcm(8, pixels_per_latent)  # the library's pipeline asks for multiples of 8 in any case
    for name, pixels in (("height", height), ("width", width)):
        if not _is_int(pixels) or pixels < factor or pixels % factor:
            near = max(factor, round(pixels / factor) * factor) if _is_number(pixels) else factor
            raise InputError(f"The {name} {pixels!r} is not a multiple of {factor} pixels: take {near}.")


def check_steps(num_inference_steps):
    """Raise InputError unless the number of steps is an integer from 1 to the 1000 of the training."""
    if not _is_int(num_inference_steps) or not 1 <= num_inference_steps <= 1000:
        raise InputError(
            "The number of steps must be a whole number from 1 to 1000, "
            f"not {num_inference_steps!r}: 30 is a good start."
        )


def check_guidance(guidance_scale):
    """Raise InputError unless the guidance scale is a finite number, zero or more, or a function."""
    if callable(guidance_scale):
        return
    if not _is_number(guidance_scale) or guidance_scale < 0:
        raise InputError(
            f"The guidance scale must be a number from 0 up, not {guidance_scale!r}: "
            "1 is no guidance, and most pictures want 3 to 8."
        )


def check_start(start, steps):
    """Raise InputError unless `start`, a number of skipped steps, leaves at least one of the `steps`."""
    if not _is_int(start) or not 0 <= start < steps:
        raise InputError(f"Of {steps} steps {start!r} can't be skipped: start at 0 or more, below {steps}.")


def check_seed(seed):
    """Raise InputError unless the seed is an integer that torch takes, 0 to 2**63 - 1."""
    if not _is_int(seed) or not 0 <= seed < 2**63:
        raise InputError(f"A seed is a whole number from 0 up, not {seed!r}: try 0.")


def check_alt(alt):
    """Raise InputError unless a figure's alt text says something."""
    if not isinstance(alt, str) or not alt.strip():
        raise InputError("A figure needs an alt text: say in a sentence what a reader sees in it.")


def check_finite(tensor, what, dtype, device):
    """Raise ModelError if a network's output holds NaN or infinity; `what` says whose and when."""
    if tensor.isfinite().all():
        return
    if str(dtype) == "torch.float32":
        mend = "so the weights or what went in are damaged: load the model again"
    else:
        name = str(dtype).removeprefix("torch.")
        mend = (
            f"and the usual cause is {name} on this device ({device}): "
            "load the model with dtype=torch.float32"
        )
    raise ModelError(f"{what} holds values that are not numbers (NaN), {mend}.")


@contextmanager
def clear_memory_error():
    """Turn the libraries' many out-of-memory errors into one ModelError that says what to do."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        words = str(error).lower()
        signs = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory")
        if not isinstance(error, MemoryError) and not any(sign in words for sign in signs):
            raise
        raise ModelError(
            "There is not enough memory: make fewer or smaller pictures at once, restart other notebooks "
            "that hold a model, or go on with the pocket model."
        ) from error


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
