"""The judge: a small classifier that says what a picture shows, so that notebooks can count.

It is a network of its own, trained by training/pocket/judge.py on drawn pictures only; it never saw a
generated one. The model card says how often it is right. It knows Pocket Planets and nothing else: for
another world than that, Stable Diffusion's pictures, CLIP answers instead, by asking which of several words
fits best.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from helpers.denoising import to_pixels
from helpers.errors import InputError, check_device, check_parts, check_path, check_whole, shown
from helpers.machine.weights import by_training, load_own
from helpers.models import FULL, POCKET, ROOT, chosen, load_clip

FOLDER = ROOT / "models" / "pocket-judge"


def load_judge(model=POCKET, device="cpu"):
    """Who judges a model's pictures; ask it with `judge.look(pictures)`.

    The pocket judge for POCKET and for folders of your own, `ClipJudge` for FULL (downloaded once).
    Raises InputError for what is no model's name, ModelError where the weights are missing.
    """
    full = chosen(model) == FULL
    return ClipJudge(*load_clip(model)) if full else load_pocket_judge(device=device)


def adherence(seen, scenes):
    """(share of attributes right, share of pictures with all attributes right), each from 0 to 1.

    `seen` is what `judge.look` returned, `scenes` as many dicts of what was asked for. Only what was asked
    for counts; and in a picture of the wrong view (`space` for `surface`) nothing counts as right.
    """
    for name, given in (("Pictures' marks", seen), ("Scenes", scenes)):
        if not isinstance(given, list | tuple) or not given:
            raise InputError(f"{name} come in a list with one dict for each picture, not as {shown(given)}.")
    if len(seen) != len(scenes):
        raise InputError(f"{len(seen)} pictures, but {len(scenes)} scenes: give one scene for each picture.")
    right = [marks(look, scene) for look, scene in zip(seen, scenes)]
    each = [mark for picture in right for mark in picture]
    return sum(each) / len(each), sum(map(all, right)) / len(right)


def marks(look, scene):
    """Of one picture, a list: whether each of the scene's attributes is right. None is in a wrong view."""
    for each in (look, scene):
        if not isinstance(each, dict) or not each:
            raise InputError(f'A scene is a dict such as {{"view": "space"}}, not {shown(each)}.')
    if unknown := [name for name in ("view", *scene) if name not in look]:
        raise InputError(f"The judge knows no attribute {shown(unknown[0])}: take one of {', '.join(look)}.")
    right_view = look["view"] == scene.get("view", look["view"])
    return [right_view and look[name] == value for name, value in scene.items()]


class Residual(nn.Module):
    """Two 3 × 3 convolutions, added to what came in (He et al., 1512.03385)."""

    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.GroupNorm(8, channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.GroupNorm(8, channels),
        )

    def forward(self, x):
        return F.relu(x + self.body(x))


class Judge(nn.Module):
    """Pictures (batch, 3, 128, 128) in −1…1 → features (batch, 320) → logits of each attribute.

    `attributes` is {name: its possible values}, `widths` the channels of the four levels.
    """

    side = 128

    def __init__(self, attributes, widths=(16, 32, 64, 128)):
        super().__init__()
        levels, channels = [], 3
        for width in widths:  # each level has half the height and width of the one before
            level = [nn.Conv2d(channels, width, 3, 2, 1, bias=False), nn.GroupNorm(8, width), nn.ReLU()]
            levels.append(nn.Sequential(*level, *([Residual(width)] if channels > 3 else [])))
            channels = width
        self.levels = nn.ModuleList(levels)
        size = widths[-2] + 2 * widths[-1]
        self.heads = nn.ModuleDict(
            {name: nn.Linear(size, len(values)) for name, values in attributes.items()}
        )
        self.attributes, self.widths = attributes, widths

    def features(self, pixels):
        """The mean over a map counts (moons, on the finer one); the maximum finds a thing wherever it is."""
        maps = [pixels]
        for level in self.levels:
            maps.append(level(maps[-1]))
        return torch.cat([maps[-2].mean((2, 3)), maps[-1].mean((2, 3)), maps[-1].amax((2, 3))], dim=1)

    def forward(self, pixels):
        features = self.features(pixels)
        return {name: head(features) for name, head in self.heads.items()}

    @torch.no_grad()
    def look(self, pictures):
        """What PIL pictures show: a dict {attribute: value} each, also of attributes that don't apply."""
        device = next(self.parameters()).device
        check_images(pictures)
        fitting = [picture.convert("RGB").resize((self.side, self.side)) for picture in pictures]
        seen = [{} for _ in pictures]
        for start in range(0, len(fitting), 64):
            for name, logits in self(to_pixels(fitting[start : start + 64], device)).items():
                for i, value in enumerate(logits.argmax(1).tolist()):
                    seen[start + i][name] = self.attributes[name][value]
        return seen


def check_images(pictures):
    """Raise InputError unless these are PIL pictures in a list, of any mode and size."""
    if not isinstance(pictures, list | tuple) or not all(isinstance(each, Image.Image) for each in pictures):
        raise InputError(f"The judge looks at a list of PIL pictures, not at {shown(pictures)}.")


def load_pocket_judge(folder=FOLDER, device="cpu"):
    """The saved `Judge`, in float32 and evaluation mode. Raises ModelError if it is not there."""
    folder, device = check_path(folder), check_device(device)
    return load_own(_new_judge, folder, by_training("judge")).to(device)


def _new_judge(config):
    attributes = {name: tuple(values) for name, values in config["attributes"].items()}
    return Judge(attributes, config["widths"])


@torch.no_grad()
def classify(judge, pictures, batch=64):
    """(classes, features) of uint8 pictures (n, 128, 128, 3): int8 (n, attributes), float32 (n, features).

    A class is given for every attribute, also for one that the picture's view doesn't have.
    """
    check_parts(judge, "The judge", ("features", "heads", "parameters"), "load_judge()")
    batch = check_whole(batch, "The batch")
    if not isinstance(pictures, np.ndarray | list | tuple) or not len(pictures):
        raise InputError(f"Pictures to classify come in an array (n, 128, 128, 3), not in {shown(pictures)}.")
    device = next(judge.parameters()).device
    classes, features = [], []
    for start in range(0, len(pictures), batch):
        seen = judge.features(to_pixels(pictures[start : start + batch], device))
        classes.append(torch.stack([head(seen).argmax(1) for head in judge.heads.values()], dim=1).cpu())
        features.append(seen.cpu())
    return torch.cat(classes).to(torch.int8).numpy(), torch.cat(features).numpy()


class ClipJudge:
    """Judges by CLIP: of an attribute's values, the one whose words are most similar to the picture.

    Radford et al. 2021 (2103.00020), section 3.1. It counts badly, and its marks on Stable Diffusion's
    pictures are not measured here: take them as a hint.
    """

    def __init__(self, clip, tokenizer, processor):
        self.clip, self.processor, self.tokenizer = clip, processor, tokenizer
        self.attributes = json.loads((FOLDER / "config.json").read_text())["attributes"]

    @torch.no_grad()
    def look(self, pictures):
        """As `Judge.look`."""
        check_images(pictures)
        pixels = self.processor(images=pictures, return_tensors="pt").pixel_values.to(self.clip.dtype)
        seen = [{} for _ in pictures]
        for name, values in self.attributes.items():
            words = self.tokenizer(
                [f"a picture of {value}" for value in values], padding=True, return_tensors="pt"
            ).to(self.clip.device)
            logits = self.clip(**words, pixel_values=pixels.to(self.clip.device)).logits_per_image
            for look, value in zip(seen, logits.argmax(1).tolist()):
                look[name] = values[value]
        return seen
