"""What can go wrong, said in one sentence that also says what to do about it.

The checks of what a user passes in, and the failures of a model, have their words here; a check that has to
know another module stands there. A check of a value returns it in its plain form: np.int64(3), 3.0 and
tensor(3) are the whole number 3. The functions that a notebook calls check their own arguments, once; what
they call inside takes them as they are.
"""

import errno
import inspect
import logging
import math
import numbers
import os
import sys
import unicodedata
import warnings
from contextlib import contextmanager
from pathlib import Path

MOST_STEPS = 1000  # of the training
MOST_GUIDANCE = 1000  # far beyond every picture; still larger scales overflow
MOST_PIXELS = 8192  # a side
MOST_PICTURES = 1000  # at once
LARGEST = 1e30  # of numbers that have no other limit
BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"  # Unicode's letters and signs that show nothing


class InputError(ValueError):
    """Something that was passed in can't work: a size, a prompt, a seed, a model's name."""


class _Sentence(Exception):
    """What lies outside of the reader's cell: Jupyter shows the sentence alone. `%debug` has the rest."""

    def _render_traceback_(self):  # IPython asks for it
        return [f"{type(self).__name__}: {self}"]


class ModelError(_Sentence, RuntimeError):
    """A model can't be loaded or can't go on: files, network, memory, numbers that are not numbers."""


class DiskError(_Sentence, OSError):
    """A file can't be written: the disk is full, or the place is not the reader's to write to."""


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


def _show_stop(shell, kind, error, traceback, tb_offset=None):
    """What IPython shows of an interrupt: one sentence in place of the way that led to it."""
    words = str(error) or "this cell did not finish; run it again when you want to."
    lines = [f"Stopped: {words}"]
    shell._showtraceback(kind, error, lines)
    return lines


if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()):
    _shell.set_custom_exc((KeyboardInterrupt,), _show_stop)  # in cells of the reader's own, too


def shown(value):
    """A value in a few words, for a message: itself where that is short, otherwise what it is."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, str) and len(value) > 60:
        return f"a text of {len(value)} letters"
    kind, shape = type(value).__name__, getattr(value, "shape", None)
    article = "an" if kind[0].lower() in "aeiou" else "a"
    if isinstance(shape, tuple) and shape:
        return f"{article} {kind} of shape {tuple(shape)}"
    if value is None or isinstance(value, str | numbers.Number) or shape == ():
        try:
            words = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
        except ValueError:  # Python writes out no whole number of over 4,300 digits
            words = ""
        if 0 < len(words) <= 60 and "\n" not in words:
            return words
    return f"{article} {kind}"


def quoted(text):
    """A text in double quotes, its middle left out where it is long; of what can't be printed, what it is."""
    if not isinstance(text, str) or not text.isprintable():
        return shown(text)
    return f'"{text}"' if len(text) < 200 else f'"{text[:70]} … {text[-40:]}"'


def as_number(value):
    """The finite number, an int or a float, that a value of any numeric type holds; None if it holds none."""
    if hasattr(value, "item"):  # NumPy's and torch's, of one element
        try:
            value = value.item()
        except (TypeError, ValueError, RuntimeError):
            return None
    if isinstance(value, bool) or not isinstance(value, numbers.Number):
        return None
    if isinstance(value, numbers.Integral):
        return int(value)
    try:
        value = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def as_whole(value):
    """The whole number that a value of any numeric type holds; None if it holds none."""
    value = as_number(value)
    return int(value) if value is not None and value == int(value) else None


def as_list(values, name):
    """What a list, a tuple, a range or the like holds, as a list. Raise InputError for anything else."""
    try:
        return list(None if isinstance(values, str) else values)
    except TypeError as error:  # also a tensor of no axes says so
        what = f"Here {name} is a list, not {shown(values)}"
        raise InputError(f"{what}: put square brackets around a single one.") from error


def check_text(text, what="A prompt"):
    """The text as a plain str. Raise InputError for anything else, and for halves of a character."""
    if not isinstance(text, str):
        raise InputError(f"{what} is text, but this one is {shown(text)}: put it in quotes.")
    broken = next((letter for letter in text if "\ud800" <= letter <= "\udfff"), None)
    if broken:
        raise InputError(f"{what} holds half a character, {ascii(broken)}: type that character again.")
    return str(text)


def as_text(value, what):
    """A title or a label as text; nothing for None. Raise InputError for halves of a character."""
    try:
        text = "" if value is None else str(value)
    except Exception:  # a number of thousands of digits, or whatever a class of one's own raises
        text = shown(value)
    return check_text(text, what)


def check_choice(value, choices, what):
    """The choice. Raise InputError, which lists them, for what is none of these texts."""
    if not isinstance(value, str) or value not in choices:
        *listed, last = [f'"{each}"' for each in choices]
        raise InputError(f"There is no {what} {quoted(value)}: take {', '.join(listed)} or {last}.")
    return str(value)


def check_path(path, what="A folder"):
    """The Path, with ~ for the reader's home. Raise InputError for what can't name a file or folder."""
    if not isinstance(path, str | Path) or not str(path).strip():
        raise InputError(f"{what} is named by a path in quotes, not by {shown(path)}.")
    path = os.path.expanduser(path)
    try:
        os.lstat(path)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(
                f"{what} can't have a name of {len(path)} letters: take a shorter one."
            ) from error
    except ValueError as error:  # a NUL, or half a character
        raise InputError(f"{what} can't have the name {shown(path)}: type it again.") from error
    return Path(path)


def check_prompt(prompt):
    """The prompt. Raise InputError unless it is text with at least one visible character."""
    prompt = check_text(prompt)
    if not any(unicodedata.category(each)[0] in "LNPS" and each not in BLANK_LETTERS for each in prompt):
        raise InputError('The prompt is empty: say what to paint, such as "an astronaut on mars".')
    return prompt


def check_negative(negative_prompt):
    """The negative prompt, "" for None. Raise InputError unless it is text, which may be empty."""
    return "" if negative_prompt is None else check_text(negative_prompt, "A negative prompt")


def cut_words(tokenizer, prompt):
    """What of a prompt the text encoder does not read (past 75 tokens for CLIP), in 120 letters at most.

    A word that is only half read counts as cut off, but not where words have no spaces between them.
    """
    limit = tokenizer.model_max_length - 2  # the start and the end token take two places
    places = tokenizer(prompt, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    if len(places) <= limit:
        return ""
    end = places[limit][0]
    word = max(end - len(prompt[:end].split()[-1]), 0) if not prompt[end - 1 : end].isspace() else end
    end = word if end - word <= 20 else end
    cut = " ".join(prompt[end:].split())
    return f"{cut[:70]} … {cut[-40:]}" if len(cut) > 120 else cut


def check_length(tokenizer, prompt):
    """Raise InputError, naming the words, when a prompt is longer than the text encoder reads."""
    if cut := cut_words(tokenizer, prompt):
        limit = tokenizer.model_max_length - 2
        raise InputError(f'The prompt is longer than {limit} tokens: shorten it by as much as "{cut}".')


def warn_if_cut(tokenizer, prompt):
    """Warn, naming the words, when a prompt is longer than the text encoder reads."""
    if cut := cut_words(tokenizer, prompt):
        limit = tokenizer.model_max_length - 2
        warnings.warn(
            f'The prompt is longer than {limit} tokens, and these words were cut off: "{cut}". '
            "Shorten it, or move what matters to the front.",
            stacklevel=3,
        )


def warn_if_unused(negative_prompts, guidance_scale):
    """Warn that a negative prompt changes nothing at guidance 1: its prediction has no weight there."""
    if any(negative_prompts) and not callable(guidance_scale) and guidance_scale == 1:
        warnings.warn(
            "At guidance 1 a negative prompt changes nothing: take a guidance scale above 1, such as 3.",
            stacklevel=3,
        )


def check_size(height, width, pixels_per_latent):
    """(height, width). Raise InputError unless both are positive multiples of what the VAE can divide."""
    factor = math.lcm(8, pixels_per_latent)  # the library's pipeline asks for multiples of 8 in any case
    most, sides = MOST_PIXELS // factor * factor, []

    def near(pixels):
        return min(max(factor, round(pixels / factor) * factor), most)

    for name, given in (("height", height), ("width", width)):
        pixels = as_whole(given)
        if pixels is None:
            meant = as_number(given) if not isinstance(given, str) else _written_number(given)
            cure = f"one such as {near(128)}" if meant is None else near(meant)
            raise InputError(f"The {name} must be a whole number of pixels, not {shown(given)}: take {cure}.")
        if pixels > most:
            raise InputError(f"The {name} of {shown(given)} pixels is too large: take {most} at most.")
        if pixels < 1:
            raise InputError(f"The {name} of {shown(given)} pixels is too small: take {factor} at least.")
        if pixels % factor:
            raise InputError(
                f"The {name} {shown(given)} is not a multiple of {factor} pixels: take {near(pixels)}."
            )
        sides.append(pixels)
    return tuple(sides)


def _written_number(text):
    """The finite number that a text writes; None if it writes none."""
    try:
        return as_number(float(text))
    except ValueError:
        return None


def check_steps(num_inference_steps):
    """The number of steps. Raise InputError unless it is whole and from 1 to the 1000 of the training."""
    steps = as_whole(num_inference_steps)
    if steps is None or not 1 <= steps <= MOST_STEPS:
        raise InputError(
            f"The number of steps must be a whole number from 1 to {MOST_STEPS}, "
            f"not {shown(num_inference_steps)}: 30 is a good start."
        )
    return steps


def check_guidance(guidance_scale):
    """The guidance scale. Raise InputError unless it is a number from 0 to 1000, or a function."""
    if callable(guidance_scale) and not isinstance(guidance_scale, type):
        check_function(guidance_scale, "The guidance function", "noise_uncond", "noise_cond", "t")
        return guidance_scale
    scale = as_number(guidance_scale)
    if scale is None or not 0 <= scale <= MOST_GUIDANCE:
        raise InputError(
            f"The guidance scale must be a number from 0 up to {MOST_GUIDANCE}, not {shown(guidance_scale)}: "
            "1 is no guidance; usual are 3 for the pocket model and 7.5 for Stable Diffusion."
        )
    return scale


def check_strength(strength):
    """The strength. Raise InputError unless it is a number above 0 and at most 1."""
    number = as_number(strength)
    if number is None or not 0 < number <= 1:
        raise InputError(
            f"The strength must be a number above 0 and at most 1, not {shown(strength)}: "
            "0 would keep the picture as it is, 1 keeps next to nothing of it; 0.6 is a good start."
        )
    return number


def check_start(start, steps):
    """`start`, a number of skipped steps. Raise InputError unless it leaves at least one of the `steps`."""
    skipped = as_whole(start)
    if skipped is None or not 0 <= skipped < steps:
        raise InputError(
            f"Of {steps} steps {shown(start)} can't be skipped: start at 0 or more, below {steps}."
        )
    return skipped


def check_seed(seed):
    """The seed. Raise InputError unless it is a whole number that torch takes, 0 to 2**63 - 1."""
    whole = as_whole(seed)
    if whole is None or not 0 <= whole < 2**63:
        raise InputError(f"A seed is a whole number from 0 up, below 2**63, not {shown(seed)}: try 0.")
    return whole


def check_whole(value, what, least=1, most=None):
    """A whole number from `least` up, to `most` if there is one; `what` names it in the InputError."""
    whole = as_whole(value)
    if whole is None or not least <= whole <= (most or 2**31 - 1):
        limits = f"from {least} up" if most is None else f"from {least} to {most}"
        raise InputError(f"{what} must be a whole number {limits}, not {shown(value)}.")
    return whole


def check_number(value, what, above=-LARGEST, least=-LARGEST, most=LARGEST):
    """A number above `above`, from `least` to `most`; `what` names it in the InputError."""
    number = as_number(value)
    if number is None or not (above < number and least <= number <= most):
        limits = [f"above {above:g}"] * (above > -LARGEST) + [f"from {least:g}"] * (least > -LARGEST)
        limits += [f"up to {most:g}"] if most < LARGEST else ["up"] * (least > -LARGEST)
        raise InputError(f"{what} must be {' '.join(['a number', *limits])}, not {shown(value)}.")
    return number if abs(number) < 2**53 else float(number)  # torch takes no larger whole ones


def check_flag(value, what):
    """True or False, of whatever type. Raise InputError for anything else; `what` names it."""
    try:
        flag = value.item() if hasattr(value, "item") else value
    except (TypeError, ValueError, RuntimeError):  # of several
        flag = None
    if not isinstance(flag, int) or flag not in (0, 1):
        raise InputError(f"{what} is True or False, not {shown(value)}: write one of the two.")
    return bool(flag)


def check_function(function, what, *arguments):
    """Raise InputError unless it is None or can be called with so many arguments; their names are for it."""
    if function is None:
        return
    if not callable(function) or isinstance(function, type):
        raise InputError(f"{what} must be a function, not {shown(function)}: write its name alone.")
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        raise InputError(f"{what} is called with {', '.join(arguments)}: let it take these.") from error
    except ValueError:  # Python may not know what a function that is written in C takes
        pass


def check_parts(whole, what, names, source):
    """Raise InputError unless `whole` has these attributes; `source` says what gives such a thing."""
    lacking = [name for name in names if getattr(whole, name, None) is None]
    if isinstance(whole, type) or lacking:
        some = not isinstance(whole, type) and len(lacking) < len(names)
        wrong = f"without {lacking[0]}" if some else shown(whole)
        raise InputError(f"{what} can't be {wrong}: give what {source} returns.")


def check_tensor(tensor, what, shape):
    """Raise InputError unless it is a torch tensor of finite floating-point numbers, (of) these dimensions.

    `shape` names them, such as "B, C, h, w"; a dimension written as a number has to be that.
    """
    import torch  # here, so that the command answers a slip at once

    if not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point():
        kind = f"a tensor of {tensor.dtype}" if isinstance(tensor, torch.Tensor) else shown(tensor)
        raise InputError(f"{what} must be a torch tensor of floats, ({shape}), not {kind}.")
    if not tensor.numel() or not _has_shape(tensor, shape):
        raise InputError(f"{what} must have the shape ({shape}), not {tuple(tensor.shape)}.")
    if tensor.device.type != "meta" and not tensor.isfinite().all():
        raise InputError(
            f"{what} must hold finite numbers, and some here are NaN or infinite: make them anew."
        )


def check_array(values, what, shape, finite=True):
    """The values as a NumPy array. Raise InputError unless they are real numbers, (of) these dimensions.

    `shape` is as in `check_tensor`. With `finite`, NaN and infinity are none.
    """
    import numpy as np

    try:
        array = np.asarray(values)
    except Exception:  # lists of unequal lengths, tensors on a GPU, whatever a class of one's own raises
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise InputError(f"{what} must be an array of numbers, ({shape}), not {shown(values)}.")
    if not _has_shape(array, shape) or not array.size:
        raise InputError(f"{what} must have the shape ({shape}), not {tuple(array.shape)}.")
    if finite and not np.isfinite(array).all():
        raise InputError(f"{what} must hold finite numbers, and some here are NaN or infinite.")
    return array


def _has_shape(values, shape):
    """Whether a tensor or an array has the dimensions that are named, and the sides that are written."""
    before, rest, after = shape.partition("...")
    before, after = (part.strip(", ").split(", ") if part else [] for part in (before, after))
    wanted, sides = before + after, tuple(values.shape)
    enough = len(sides) >= len(wanted) if rest else len(sides) == len(wanted)
    sides = sides[: len(before)] + sides[len(sides) - len(after) :]
    return enough and all(has == int(name) for has, name in zip(sides, wanted) if name.isdecimal())


def check_pictures(pictures, factor=1):
    """The pictures as a list. Raise InputError unless they are RGB PIL pictures, all of one size.

    Both sides have to be multiples of `factor` pixels.
    """
    from PIL import Image

    if not isinstance(pictures, list | tuple) or not pictures:
        what = "an empty list" if isinstance(pictures, list | tuple) else shown(pictures)
        raise InputError(f"Pictures come in a list, not as {what}: write [picture].")
    for picture in pictures:
        if not isinstance(picture, Image.Image) or picture.mode != "RGB":
            what = picture.mode if isinstance(picture, Image.Image) else shown(picture)
            raise InputError(f"Pictures must be RGB PIL pictures, not {what}: use open_picture first.")
        if factor > 1:
            check_size(picture.height, picture.width, factor)
    sizes = {picture.size for picture in pictures}
    if len(sizes) > 1:
        listed = " and ".join(f"{w} x {h}" for w, h in sorted(sizes))
        raise InputError(f"The pictures have different sizes, {listed}: use open_picture first.")
    return list(pictures)


def check_device(device):
    """The torch.device. Raise InputError for one that this machine, or this torch, doesn't have."""
    import torch

    try:
        torch.empty(0, device=torch.device(device))
    except Exception as error:  # RuntimeError, TypeError, AssertionError, ...: each device has its own
        raise InputError(
            f'There is no device {shown(device)} here: leave device out for the best one, or take "cpu".'
        ) from error
    return torch.device(device)


def check_dtype(dtype):
    """The number format. Raise InputError unless it is one of torch's for networks."""
    import torch

    known = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
    if not isinstance(dtype, torch.dtype) or dtype not in known:
        raise InputError(
            f"The number format must be one of torch's, without quotes, not {shown(dtype)}: "
            "leave dtype out, or take torch.float32, torch.float16 or torch.bfloat16."
        )
    return dtype


def check_alt(alt):
    """Raise InputError unless a figure's alt text says something."""
    if not isinstance(alt, str) or not alt.strip():
        raise InputError("A figure needs an alt text: say in a sentence what a reader sees in it.")
    check_text(alt, "An alt text")


def check_finite(tensor, what):
    """Raise ModelError if a network's output holds NaN or infinity; `what` says whose and when."""
    if tensor.isfinite().all():
        return
    if str(tensor.dtype) == "torch.float32":
        mend = "so the weights or what went in are damaged: load the model again"
    else:
        name = str(tensor.dtype).removeprefix("torch.")
        mend = (
            f"and the usual cause is {name} on this device ({tensor.device}): "
            "load the model with dtype=torch.float32"
        )
    raise ModelError(f"{what} holds values that are not numbers (NaN), {mend}.")


@contextmanager
def clear_memory_error():
    """Turn the libraries' many out-of-memory errors into one ModelError that says what to do."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _is_about_memory(error):
            raise
        raise ModelError(
            "There is not enough memory: make fewer or smaller pictures at once, restart other notebooks "
            "that hold a model, or go on with the pocket model."
        ) from error


@contextmanager
def silent_if_it_fails():
    """What the libraries log inside the block comes after it; not at all where an error says it better."""
    names, held = ("diffusers", "transformers", "huggingface_hub"), []
    holds = [
        (handler, lambda record, handler=handler: held.append((handler, record)))
        for name in names
        for handler in logging.getLogger(name).handlers
    ]
    for handler, hold in holds:
        handler.addFilter(hold)
    try:
        yield
    finally:
        for handler, hold in holds:
            handler.removeFilter(hold)
    for handler, record in held:
        handler.handle(record)


@contextmanager
def clear_shape_error(network, **tensors):
    """Turn a network's complaint about what it got into one InputError that names the shapes."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, ModelError) or _is_about_memory(error):
            raise
        given = " and ".join(f"{name} of shape {tuple(each.shape)}" for name, each in tensors.items())
        why = (str(error).splitlines() or [""])[0].rstrip(". ")
        raise InputError(f"{network} can't work with {given}: {why}.") from error


def _is_about_memory(error):
    words = str(error).lower()
    signs = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory")
    return isinstance(error, MemoryError) or any(sign in words for sign in signs)
