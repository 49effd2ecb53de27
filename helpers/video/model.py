"""A time axis for the pocket U-Net: new layers between its own that look from frame to frame.

The picture layers stay as they are and never hear of time; the new ones are added between them, as in Video
LDM (Blattmann et al., 2304.08818), and only these were trained, by training/beyond/video.py. (AnimateDiff,
2307.04725, also freezes the picture layers, and adds attention alone.) Shapes: B videos of F frames, latents
(B, C, F, h, w).
"""

from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn

from helpers.denoising import decode, denoise, encode_prompts, one_each
from helpers.errors import check_parts, check_path, check_prompt, check_whole
from helpers.machine.weights import by_training, load_own
from helpers.models import POCKET, ROOT, latent_shape, load_components
from helpers.seeding import generator, initial_noise

FOLDER = ROOT / "models" / "pocket-video"
HEADS = 2
MOST_FRAMES = 1000
PLACES = (
    "conv_in",
    "down_blocks.0.resnets.0",
    "down_blocks.1.resnets.0",
    "mid_block",
    "up_blocks.1.resnets.1",
    "up_blocks.2.resnets.0",
    "up_blocks.2.resnets.1",
)


class AcrossFrames(nn.Module):
    """One new layer: added to what a picture layer gave, at first nothing.

    A 3 × 3 × 3 convolution looks at the neighbours in time and space, which tells how things move; attention
    over all frames, at each place, which tells that it is one and the same planet. It knows no frame numbers,
    so videos may have any length.
    """

    def __init__(self, channels, width):
        super().__init__()
        self.norm = nn.GroupNorm(16, channels)
        self.narrow = nn.Conv2d(channels, width, 1)
        self.near = nn.Conv3d(width, width, 3, padding=1)
        self.qkv = nn.Linear(width, 3 * width)
        self.wide = nn.Conv2d(width, channels, 1)
        nn.init.zeros_(self.wide.weight)
        nn.init.zeros_(self.wide.bias)

    def forward(self, x, frames):
        """(B·F, C, h, w) -> the same shape."""
        narrow = F.silu(self.narrow(self.norm(x)))
        videos = narrow.unflatten(0, (-1, frames)).transpose(1, 2)  # (B, width, F, h, w)
        videos = videos + F.silu(self.near(videos))
        places = videos.permute(0, 3, 4, 2, 1)  # (B, h, w, F, width)
        tokens = places.flatten(0, 2)  # each place is a sequence of F tokens
        heads = self.qkv(tokens).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = heads  # each (B·h·w, HEADS, F, width / HEADS)
        looks = (query @ key.transpose(-1, -2) / key.shape[-1] ** 0.5).softmax(-1)  # a frame at all frames
        tokens = tokens + (looks @ value).transpose(1, 2).flatten(2)
        videos = tokens.view(places.shape).permute(0, 3, 4, 1, 2).flatten(0, 1)  # (B·F, width, h, w)
        return x + self.wide(videos)


def new_layers(unet, width):
    """A new layer for each of PLACES in a U-Net with the shipped one's levels, as an nn.ModuleList."""
    down = unet.config.block_out_channels  # channels of the levels, the finest first
    channels = (down[0], down[0], down[1], down[-1], down[1], down[0], down[0])
    return nn.ModuleList(AcrossFrames(each, width) for each in channels)


class VideoUNet(nn.Module):
    """A picture U-Net and the new layers, called as a U-Net is, on latents (B, C, F, h, w).

    Frames pass through the picture layers as a batch of single pictures. With `layers=None` nothing joins
    them: then they are F independent pictures.
    """

    def __init__(self, unet, layers=None):
        super().__init__()
        self.unet, self.layers = unet, layers
        self.config, self.dtype, self.device = unet.config, unet.dtype, unet.device

    def forward(self, latents, timestep, encoder_hidden_states, return_dict=True):
        """The noise prediction (B, C, F, h, w), as `.sample`, or without `return_dict` in a tuple of one."""
        videos, frames = len(latents), latents.shape[2]
        pictures = latents.transpose(1, 2).flatten(0, 1)  # (B·F, C, h, w)
        timesteps = torch.as_tensor(timestep).expand(videos).repeat_interleave(frames)
        text = encoder_hidden_states.repeat_interleave(frames, 0)
        joined = list(zip(PLACES, self.layers or ()))  # none without new layers
        hooks = [
            self.unet.get_submodule(place).register_forward_hook(lambda _, x, y, new=new: new(y, frames))
            for place, new in joined
        ]
        try:
            noise_pred = self.unet(pictures, timesteps, text, return_dict=False)[0]
        finally:
            for hook in hooks:
                hook.remove()
        noise_pred = noise_pred.unflatten(0, (videos, frames)).transpose(1, 2)
        return SimpleNamespace(sample=noise_pred) if return_dict else (noise_pred,)


def load_video_model(folder=FOLDER):
    """The pocket model's five parts, the U-Net joined by the new layers; on the CPU, in float32.

    Raises ModelError where the new layers' weights are missing or damaged.
    """
    folder = check_path(folder)
    components = load_components(ROOT / POCKET, torch.device("cpu"), torch.float32)
    unet = components.unet
    layers = load_own(lambda config: new_layers(unet, config["width"]), folder, by_training("video"))
    return components._replace(unet=VideoUNet(unet, layers))


def without_time(components):
    """The same model with its new layers left out: each frame is a picture of its own."""
    check_parts(components, "The components", ("unet",), "load_video_model()")
    check_parts(components.unet, "The U-Net", ("unet", "layers"), "load_video_model().unet")
    return components._replace(unet=VideoUNet(components.unet.unet))


def generate_videos(
    components, prompts, seeds, num_inference_steps, guidance_scale, frames=8, scheduler=None
):
    """Paint videos: a list of lists of PIL pictures, one video for each prompt and seed.

    `prompts` and `seeds` are each one value or a list; one value serves all videos. Every frame starts from
    noise of its own. Raises InputError for an empty prompt, fewer than two frames, or numbers of prompts and
    seeds that differ.
    """
    frames = check_whole(frames, "The number of frames", 2, MOST_FRAMES)
    prompts, seeds = one_each(prompts, seeds)
    prompts = [check_prompt(prompt) for prompt in prompts]
    channels, height, width = latent_shape(components)
    noise = initial_noise((channels, frames, height, width), [generator(seed) for seed in seeds])
    latents = denoise(
        components,
        encode_prompts(components, prompts),
        noise,
        guidance_scale,
        num_inference_steps,
        scheduler,
    )
    return [decode(components.vae, video.transpose(0, 1)) for video in latents]
