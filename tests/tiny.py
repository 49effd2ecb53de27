"""Tiny models with random weights, in two shapes, so that nothing in helpers/ is nailed to the pocket model.

"like pocket" has the pocket model's kinds of blocks; "like sd" has Stable Diffusion v1-4's: the same block
types and levels, layers, eight heads and scaling factor, with fewer channels and another latent size.
"""

import functools
import json
import shutil
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from transformers import CLIPConfig, CLIPTextConfig, CLIPTextModel, CLIPTokenizer

SHAPES = ("like pocket", "like sd")

# Stable Diffusion v1-4's scheduler_config.json.
SCHEDULER = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
    "clip_sample": False,
}

UNETS = {
    "like pocket": dict(
        sample_size=16,
        block_out_channels=(16, 32, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 2, 4),
        cross_attention_dim=32,
        norm_num_groups=8,
    ),
    "like sd": dict(
        sample_size=8,
        block_out_channels=(16, 16, 32, 32),
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        attention_head_dim=8,
        cross_attention_dim=48,
        norm_num_groups=8,
    ),
}

VAES = {
    "like pocket": dict(
        block_out_channels=(8, 8, 8, 8), layers_per_block=1, norm_num_groups=4, scaling_factor=0.7
    ),
    "like sd": dict(
        block_out_channels=(8, 8, 16, 16), layers_per_block=2, norm_num_groups=4, scaling_factor=0.18215
    ),
}


def clip_tokenizer(merges):
    """A tokenizer in CLIP's format: bytes, bytes that end a word, these merges (pairs), start and end."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(byte) for byte in visible] + [chr(256 + n) for n in range(256 - len(visible))]
    words = letters + [letter + "</w>" for letter in letters] + ["".join(merge) for merge in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)


def tiny_tokenizer():
    """`clip_tokenizer` with four merges."""
    return clip_tokenizer([("m", "a"), ("ma", "r"), ("mar", "s</w>"), ("o", "n</w>")])


def tiny_parts(shape):
    """The five parts, by name, with weights that are the same at every call."""
    tokenizer = tiny_tokenizer()
    end = tokenizer.eos_token_id
    width = UNETS[shape]["cross_attention_dim"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(20)
        text = CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=2,
            num_attention_heads=2,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=end,
            pad_token_id=end,
        )
        unet = UNet2DConditionModel(in_channels=4, out_channels=4, **UNETS[shape])
        vae = AutoencoderKL(
            latent_channels=4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            **VAES[shape],
        )
        encoder = CLIPTextModel(text)
    for network in (unet, vae, encoder):
        network.eval().requires_grad_(False)
    return dict(
        tokenizer=tokenizer,
        text_encoder=encoder,
        vae=vae,
        unet=unet,
        scheduler=PNDMScheduler.from_config(SCHEDULER),
    )


@functools.cache
def _saved(shape):
    """A temporary folder with a tiny model: written once, then copied."""
    folder = tempfile.TemporaryDirectory()
    pipeline = StableDiffusionPipeline(
        **tiny_parts(shape), safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipeline.save_pretrained(folder.name, safe_serialization=True)
    return folder


def save_tiny(shape, folder):
    """Save a tiny model as a folder in the diffusers layout; the folder, as a string."""
    shutil.copytree(_saved(shape).name, folder, dirs_exist_ok=True)
    return str(folder)


def save_tiny_checker(folder):
    """Give a saved model a tiny safety checker, which by its random weights finds nothing unsafe."""
    from transformers import CLIPImageProcessor  # here, because it remarks on torchvision when it is imported

    folder, size = Path(folder), 8
    towers = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
    vision = dict(image_size=size, patch_size=4, projection_dim=8, **towers)
    config = CLIPConfig(vision_config=vision, text_config=dict(projection_dim=8, **towers), projection_dim=8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(21)
        checker = StableDiffusionSafetyChecker(config)
    for weights in (checker.concept_embeds_weights, checker.special_care_embeds_weights):
        weights.data.fill_(2.0)  # no cosine is as large
    checker.save_pretrained(folder / "safety_checker")
    extractor = CLIPImageProcessor(size={"shortest_edge": size}, crop_size={"height": size, "width": size})
    extractor.save_pretrained(folder / "feature_extractor")
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    index |= {
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "requires_safety_checker": True,
    }
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")


CHOICE = "MODEL = POCKET"  # how a notebook chooses its model, in one place
OTHER_CHOICE = """\
from helpers import models
MODEL = {folder!r}
models.SETTINGS[MODEL] = {{"num_inference_steps": {steps}, "guidance_scale": 5.0}}
"""


def on_another_model(notebook, folder, steps):
    """The notebook, changed in place so that it takes the model in a folder, and so many steps a picture."""
    choices = [cell for cell in notebook.cells if cell.cell_type == "code" and CHOICE in cell.source]
    assert len(choices) == 1, f"a notebook chooses its model in one place, `{CHOICE}`"
    other = OTHER_CHOICE.format(folder=folder, steps=steps)
    choices[0].source = choices[0].source.replace(CHOICE, other + "#")
    return notebook
