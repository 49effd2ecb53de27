"""Tiny models with random weights, in two shapes, so that nothing in helpers/ is nailed to the pocket model.

"like pocket" has the pocket model's kinds of blocks; "like sd" has Stable Diffusion v1-4's: the same block
types and levels, layers, eight heads and scaling factor, with fewer channels and another latent size.
"""

import functools
import shutil
import tempfile

import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

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


def tiny_tokenizer():
    """A tokenizer in CLIP's format: bytes, bytes that end a word, four merges, start and end."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(byte) for byte in visible] + [chr(256 + n) for n in range(256 - len(visible))]
    merges = [("m", "a"), ("ma", "r"), ("mar", "s</w>"), ("o", "n</w>")]
    words = letters + [letter + "</w>" for letter in letters] + ["".join(merge) for merge in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)


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
