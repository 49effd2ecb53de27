"""The small U-Net that lessons and measurements train, and the attention to train it with."""

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0


def small_unet(channels, size, text_width):
    """A U-Net of 2.0 M parameters for (B, channels, size, size), text at its lower two levels."""
    down = ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D")
    return UNet2DConditionModel(
        in_channels=channels,
        out_channels=channels,
        sample_size=size,
        block_out_channels=(32, 48, 64, 64),
        layers_per_block=1,
        norm_num_groups=16,
        down_block_types=down,
        up_block_types=tuple(name.replace("Down", "Up") for name in reversed(down)),
        cross_attention_dim=text_width,
        attention_head_dim=2,  # the number of heads, despite the name
    )


def use_fast_attention(unet, device):
    """Give a U-Net the attention whose backward pass is the faster one: plain on a CPU, fused elsewhere."""
    plain = torch.device(device).type == "cpu"
    unet.set_attn_processor(AttnProcessor() if plain else AttnProcessor2_0())
