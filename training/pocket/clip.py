"""Stage "clip": a text tower and an image tower that learn which caption belongs to which picture.

Radford et al. 2021 (2103.00020), figure 3. Its text tower, frozen, is the text encoder, as in SD v1.
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

SETTINGS = {
    "cpu": loop.Settings(steps=2500, batch=192, lr=1e-3, flat=0.4),
    "gpu": loop.Settings(steps=6000, batch=1024, lr=1e-3, flat=0.4, workers=12),
}
WIDTH, VISION_WIDTH = 128, 128
PREPROCESSOR = {  # for CLIPImageProcessor: what data.to_pixels does
    "image_processor_type": "CLIPImageProcessor", "do_convert_rgb": True, "do_resize": True, "resample": 3,
    "size": {"shortest_edge": 128}, "do_center_crop": True, "crop_size": {"height": 128, "width": 128},
    "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
}  # fmt: skip


def new_clip(words):
    """CLIPModel for this tokenizer: 3 text layers; 4 image layers on 64 patches of 16 x 16 pixels."""
    text = dict(
        vocab_size=len(words), hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=3,
        num_attention_heads=4, max_position_embeddings=words.model_max_length, projection_dim=WIDTH,
        bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id,
    )  # fmt: skip
    vision = dict(
        hidden_size=VISION_WIDTH, intermediate_size=4 * VISION_WIDTH, num_hidden_layers=4,
        num_attention_heads=4, image_size=128, patch_size=16, projection_dim=WIDTH,
    )  # fmt: skip
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH))


def same_caption(captions):
    """bool (B, B): true where two pictures have the same caption: neither is a wrong answer."""
    _, number = np.unique(captions, return_inverse=True)
    same = torch.as_tensor(number)
    return (same[:, None] == same[None, :]) & ~torch.eye(len(captions), dtype=torch.bool)


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
        best = logits.masked_fill(same_caption(captions).to(device), float("-inf")).argmax(-1)
        right.append((best == torch.arange(len(ids), device=device)).float())
    return round(torch.cat(right).mean().item(), 4)


def main(settings, preset="cpu", fresh=False):
    accelerator = loop.start(settings, cpu=preset == "cpu")
    pictures, attributes = data.load()
    unseen, unseen_attributes = data.fresh(500)
    words = tokenizer.load()
    run = loop.Run("clip", new_clip(words), settings, accelerator, fresh)
    if accelerator.device.type == "cpu":
        run.model.set_attn_implementation(
            "eager"
        )  # on a CPU the plain attention has the faster backward pass
    clip, ema, device = run.model, run.ema, accelerator.device
    accuracy = torch.zeros(())

    def draw(rng):
        rows = np.sort(rng.choice(len(pictures), settings.batch, replace=False))
        captions = telling_captions(attributes[rows], rng)
        # The tower is causal and read at the end token: padding beyond the longest caption changes nothing.
        ids = words(captions, padding=True, truncation=True, return_tensors="pt").input_ids
        return pictures[rows], ids, same_caption(captions)

    def report():
        return {"loss": run.last_loss(), "batch_accuracy": round(accuracy.item(), 3)} | {
            "accuracy_in_250": evaluate(ema, words, unseen, unseen_attributes, device)
        }

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
