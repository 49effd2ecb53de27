"""Recipes: all that decides a picture of the playground, painted, told in words, or written as Python."""

import json
from pathlib import Path
from typing import NamedTuple, Union

import diffusers

from helpers.denoising import generate
from helpers.errors import check_length
from helpers.image_to_image import image_to_image, steps_to_run
from helpers.models import picture_size
from helpers.show.playground_start import TRAPPIST

SCHEDULERS = {  # the eight of notebook 06, and their classes in diffusers
    "DDPM": "DDPMScheduler",
    "DDIM": "DDIMScheduler",
    "PNDM": "PNDMScheduler",
    "LMS": "LMSDiscreteScheduler",
    "Euler": "EulerDiscreteScheduler",
    "Euler ancestral": "EulerAncestralDiscreteScheduler",
    "Heun": "HeunDiscreteScheduler",
    "DPM++ 2M": "DPMSolverMultistepScheduler",
}


class Recipe(NamedTuple):
    """What decides a picture, beside the model."""

    prompt: str
    negative_prompt: str
    seed: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: str  # a key of SCHEDULERS, or a class of diffusers
    start: Union["Recipe", Path, str, None] = None  # another's picture, a file, TRAPPIST, or pure noise
    strength: float | None = None  # None from pure noise


def scheduler_name(scheduler):
    """A scheduler's short name, as in SCHEDULERS, or that of its class."""
    name = type(scheduler).__name__
    return next((short for short, long in SCHEDULERS.items() if long == name), name)


def paint(components, recipe, begin_with=None, on_step=None):
    """The picture (PIL) of a recipe. `begin_with` is the RGB picture that its `start` stands for.

    `on_step(done, total, predicted_x0)` is called before each scheduler step; what it raises ends the
    painting. The scheduler is made anew, so that nothing else has set it. Raises InputError for what can't
    be painted, also for a prompt that would be cut.
    """
    for text in (recipe.prompt, recipe.negative_prompt):
        check_length(components.tokenizer, text)
    scheduler = getattr(diffusers, _class_name(recipe)).from_config(components.scheduler.config)
    components = components._replace(scheduler=scheduler)
    skipped = 0
    if recipe.start:
        skipped = recipe.num_inference_steps - steps_to_run(recipe.num_inference_steps, recipe.strength)

    def callback(step):
        total = len(scheduler.timesteps) - skipped * scheduler.order
        on_step(step.index + 1, total, step.predicted_x0)

    shared = {
        "seeds": recipe.seed,
        "num_inference_steps": recipe.num_inference_steps,
        "guidance_scale": recipe.guidance_scale,
        "negative_prompts": recipe.negative_prompt,
        "callback": on_step and callback,
    }
    if recipe.start:
        return image_to_image(components, recipe.prompt, begin_with, strength=recipe.strength, **shared)[0]
    return generate(components, recipe.prompt, **shared)[0]


def in_words(recipe):
    """A recipe in one line: the prompt, then every value."""
    words = [recipe.prompt]
    if recipe.negative_prompt:
        words.append(f"not: {recipe.negative_prompt}")
    words += [f"seed {recipe.seed}", f"{recipe.num_inference_steps} steps"]
    words += [f"guidance {recipe.guidance_scale:g}", recipe.scheduler]
    if recipe.start:
        words.append(f"from {start_in_words(recipe.start)}, strength {recipe.strength:g}")
    return " · ".join(words)


def start_in_words(start):
    """What a picture begins with, in a few words."""
    if start is None:
        return "noise"
    if isinstance(start, Recipe):
        return f"an earlier picture ({start.prompt}, seed {start.seed})"
    return start.name if isinstance(start, Path) else start


def as_python(recipe, model, components):
    """Python that paints a recipe's picture anywhere, as `picture`, to the last bit.

    `model` is what `load_components` takes, `components` what it gives. A picture that began with another
    one brings that one's recipe along.
    """
    recipes = [recipe]
    while isinstance(recipes[0].start, Recipe):
        recipes.insert(0, recipes[0].start)
    own = scheduler_name(components.scheduler)
    classes = sorted({_class_name(each) for each in recipes if each.scheduler != own})
    first, size = recipes[0].start, picture_size(components)

    lines = [f"from diffusers import {', '.join(classes)}", ""] if classes else []
    if not first:
        lines.append("from helpers.denoising import generate")
    if recipe.start:
        lines.append("from helpers.image_to_image import image_to_image")
    lines.append("from helpers.models import load_components")
    if first:
        lines.append(
            f"from helpers.show.pictures import {'load_trappist' if first == TRAPPIST else 'open_picture'}"
        )
    lines += ["", f"components = load_components({_quoted(model)})"]
    if first == TRAPPIST:
        lines.append(f"picture, _ = load_trappist({size})")
    elif first:
        lines.append(f"picture = open_picture({_quoted(first.as_posix())}, {size})")
    for each in recipes:
        lines += _call(each, own)
    return "\n".join(lines) + "\n"


def _call(recipe, own):
    """The lines that paint one recipe, with `components` and, where it has a start, `picture`."""
    arguments = ["components", _quoted(recipe.prompt)]
    if recipe.scheduler != own:
        new = f"{_class_name(recipe)}.from_config(components.scheduler.config)"
        arguments[0] = f"components._replace(scheduler={new})"
    if recipe.start:
        arguments.append("picture")
    arguments.append(f"seeds={recipe.seed}")
    if recipe.start:
        arguments.append(f"strength={recipe.strength!r}")
    arguments.append(f"num_inference_steps={recipe.num_inference_steps}")
    arguments.append(f"guidance_scale={recipe.guidance_scale!r}")
    if recipe.negative_prompt:
        arguments.append(f"negative_prompts={_quoted(recipe.negative_prompt)}")
    function = "image_to_image" if recipe.start else "generate"
    return [f"[picture] = {function}(", *(f"    {argument}," for argument in arguments), ")"]


def _class_name(recipe):
    return SCHEDULERS.get(recipe.scheduler, recipe.scheduler)


def _quoted(text):
    """A string in double quotes, as JSON and Python write it alike."""
    return json.dumps(text, ensure_ascii=False)
