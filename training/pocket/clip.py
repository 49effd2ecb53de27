"""Stage "clip": a text tower and an image tower that learn which caption belongs to which picture.

Radford et al. 2021 (2103.00020), figure 3. Its text tower, frozen, is the text encoder, as in SD v1.

Pictures taken at random differ in so much that their number of moons hardly matters to tell them apart. So
half of each batch are *siblings*: groups of pictures that have all in common but one attribute (hard
negatives, as in Robinson et al. 2020, 2010.04592).
"""

import copy
import json

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextModel

import training
from helpers.models import load_trained
from training import loop
from training.pocket import data, tokenizer
from worlds import planets

SETTINGS = {
    "cpu": loop.Settings(steps=2500, batch=192, lr=1e-3, flat=0.4),
    "gpu": loop.Settings(steps=6000, batch=1024, lr=1e-3, flat=0.4, workers=12),
}
WIDTH, VISION_WIDTH = 128, 128
SIBLINGS = 4  # pictures in a group
DIFFERENCE = {  # how often each attribute is the one in which siblings differ
    "moons": 6,
    "rings": 3,
    "colour": 2,
    "figure": 2,
    "sky": 2,
    "kind": 1,
    "size": 1,
    "background": 1,
    "place": 1,
    "time": 1,
    "style": 1,
}
PREPROCESSOR = {  # for CLIPImageProcessor: what data.to_pixels does
    "image_processor_type": "CLIPImageProcessor",
    "do_convert_rgb": True,
    "do_resize": True,
    "resample": 3,
    "size": {"shortest_edge": 128},
    "do_center_crop": True,
    "crop_size": {"height": 128, "width": 128},
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}


def new_clip(words):
    """CLIPModel for this tokenizer: 3 text layers; 4 image layers on 64 patches of 16 x 16 pixels."""
    text = dict(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=words.model_max_length,
        projection_dim=WIDTH,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    vision = dict(
        hidden_size=VISION_WIDTH,
        intermediate_size=4 * VISION_WIDTH,
        num_hidden_layers=4,
        num_attention_heads=4,
        image_size=128,
        patch_size=16,
        projection_dim=WIDTH,
    )
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH))


class Siblings:
    """Finds pictures that differ in one attribute from each other, by the attributes of all, (N, heads)."""

    def __init__(self, attributes):
        self.attributes, self.families = attributes, {}
        for name in DIFFERENCE:
            column = list(planets.ATTRIBUTES).index(name)
            applies = np.flatnonzero(attributes[:, column] >= 0)
            rest = np.delete(attributes[applies], column, axis=1)
            family = np.unique(rest, axis=0, return_inverse=True)[1].ravel()
            rows = applies[np.argsort(family, kind="stable")]
            families = np.split(rows, np.cumsum(np.bincount(family))[:-1]) if len(rows) else []
            families = [rows for rows in families if len(np.unique(attributes[rows, column])) > 1]
            if families:
                self.families[name] = column, families, np.cumsum([len(rows) for rows in families])
        chances = np.array([DIFFERENCE[name] for name in self.families], float)
        self.chances = chances / chances.sum()

    def draw(self, rng, groups):
        """Rows of `groups` groups of two to SIBLINGS pictures, one after the other."""
        rows, names = [], list(self.families)
        for _ in range(groups if names else 0):
            column, families, sizes = self.families[names[rng.choice(len(names), p=self.chances)]]
            family = families[np.searchsorted(sizes, rng.integers(sizes[-1]), side="right")]
            mixed = rng.permutation(family)
            _, first = np.unique(self.attributes[mixed, column], return_index=True)
            rows += rng.permutation(mixed[first])[:SIBLINGS].tolist()
        return np.array(rows, int)


def same_caption(captions, attributes):
    """bool (B, B): true where two pictures have the same caption or scene: neither is a wrong answer."""
    same = torch.zeros(len(captions), len(captions), dtype=torch.bool)
    for values in (captions, attributes):
        _, number = np.unique(values, axis=0, return_inverse=True)
        number = torch.as_tensor(number.ravel())
        same |= number[:, None] == number[None, :]
    return same & ~torch.eye(len(captions), dtype=torch.bool)


def contrastive_loss(logits, same):
    """InfoNCE in both directions (van den Oord et al. 2018, 1807.03748); pairs in `same` do not count."""
    logits = logits.masked_fill(same, float("-inf"))
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def telling_captions(attributes, rng):
    """People's captions, but those of one or two words, which fit half of the batch, become full ones."""
    short = data.captions(attributes, rng)
    full = data.captions(attributes, rng, "full")
    return [
        caption if len(caption.split()) > 2 else whole for caption, whole in zip(short, full, strict=True)
    ]


@torch.no_grad()
def evaluate(clip, words, pictures, attributes, device):
    """Share of pictures for which the right one of 250 full captions is the most similar."""
    rng, right = np.random.default_rng(0), []
    for first in range(0, len(pictures), 250):
        captions = data.captions(attributes[first : first + 250], rng, "full")
        ids = words(captions, padding=True, truncation=True, return_tensors="pt").input_ids.to(device)
        pixels = data.to_pixels(pictures[first : first + 250], device)
        logits = clip(input_ids=ids, pixel_values=pixels).logits_per_image
        same = same_caption(captions, attributes[first : first + 250])
        best = logits.masked_fill(same.to(device), float("-inf")).argmax(-1)
        right.append((best == torch.arange(len(ids), device=device)).float())
    return round(torch.cat(right).mean().item(), 4)


@torch.no_grad()
def told_apart(clip, words, pictures, attributes, name, device):
    """Share of pictures whose full caption fits better than with any other value of the attribute."""
    rng, right = np.random.default_rng(0), []
    pixels = data.to_pixels(pictures, device)
    column = list(planets.ATTRIBUTES).index(name)
    seen = F.normalize(clip.visual_projection(clip.vision_model(pixel_values=pixels).pooler_output), dim=-1)
    for picture, row in zip(seen, attributes):
        if row[column] < 0:
            continue
        scene = planets.decode(row)
        captions = [planets.caption(scene | {name: value}, rng, "full") for value in planets.ATTRIBUTES[name]]
        ids = words(captions, padding=True, truncation=True, return_tensors="pt").input_ids.to(device)
        said = F.normalize(clip.text_projection(clip.text_model(input_ids=ids).pooler_output), dim=-1)
        right.append((said @ picture).argmax().item() == row[column])
    return round(float(np.mean(right)), 3)


def trained_clip():
    """CLIP in models/, in float32, to train its image tower further.

    Its text tower stays as it is: a U-Net has learnt to read by it.
    """
    clip = load_trained(CLIPModel, training.MODELS / "pocket-clip", "clip").train().requires_grad_(True)
    clip.text_model.requires_grad_(False)
    return clip


def main(settings, preset="cpu", fresh=False, warm=False):
    accelerator = loop.start(settings, cpu=preset == "cpu")
    pictures, attributes = data.load()
    unseen, unseen_attributes = data.fresh(500)
    words = tokenizer.load()
    model = trained_clip() if warm else new_clip(words)
    run = loop.Run("clip", model, settings, accelerator, fresh, warm=warm)
    if accelerator.device.type == "cpu":
        run.model.set_attn_implementation(
            "eager"
        )  # on a CPU the plain attention has the faster backward pass
    clip, ema, device = run.model, run.ema, accelerator.device
    accuracy, siblings = torch.zeros(()), Siblings(attributes)

    def draw(rng):
        alike = siblings.draw(rng, settings.batch // (2 * SIBLINGS))
        others = rng.choice(len(pictures), settings.batch - len(alike), replace=False)
        captions = data.captions(attributes[alike], rng, "all") + telling_captions(attributes[others], rng)
        rows = np.concatenate([alike, others])
        # The tower is causal and read at the end token: padding beyond the longest caption changes nothing.
        ids = words(captions, padding=True, truncation=True, return_tensors="pt").input_ids
        return pictures[rows], ids, same_caption(captions, attributes[rows])

    def report():
        return (
            {"loss": run.last_loss(), "batch_accuracy": round(accuracy.item(), 3)}
            | {"accuracy_in_250": evaluate(ema, words, unseen, unseen_attributes, device)}
            | {name: told_apart(ema, words, unseen, unseen_attributes, name, device) for name in DIFFERENCE}
        )

    for batch, ids, same in run.batches(draw, report):
        with accelerator.autocast():
            logits = clip(
                input_ids=ids.to(device), pixel_values=data.to_pixels(batch, device)
            ).logits_per_image.float()
        run.optimise(contrastive_loss(logits, same.to(device)))
        with torch.no_grad():
            clip.logit_scale.clamp_(max=np.log(100))  # Radford et al., section 2.5
            accuracy = (logits.argmax(-1) == torch.arange(len(logits), device=device)).float().mean()

    if accelerator.is_main_process:
        save(ema)
        print("clip: saved in models/pocket-clip, its text tower in models/pocket-planets/text_encoder")
    accelerator.wait_for_everyone()


def save(clip):
    """Writes the whole CLIP, and its text tower as Stable Diffusion's text encoder, in fp16."""
    clip = copy.deepcopy(clip).cpu().half()
    folder = training.MODELS / "pocket-clip"
    write(folder, clip.config, "CLIPModel", clip.state_dict())
    tokenizer.save(tokenizer.load(), folder)  # a new one: `words` remembers how it padded last
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=2) + "\n")
    tower = {name: weight for name, weight in clip.state_dict().items() if name.startswith("text_model.")}
    write(
        training.MODELS / "pocket-planets" / "text_encoder", clip.config.text_config, "CLIPTextModel", tower
    )


def write(folder, config, architecture, state):
    """config.json and model.safetensors. The config says float32, so that the model is loaded in float32 when
    no precision is asked for, as the U-Net and the VAE are."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = config.to_diff_dict() | {"architectures": [architecture], "torch_dtype": "float32"}
    settings.pop("dtype", None)
    (folder / "config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
    state = {name: weight.contiguous() for name, weight in state.items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def load_text_encoder():
    """The text encoder, frozen, in float32."""
    return load_trained(CLIPTextModel, training.MODELS / "pocket-planets" / "text_encoder", "clip")
