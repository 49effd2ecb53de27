"""Cross-attention maps: which places of the latents read which words of the prompt.

In each cross-attention layer every place asks with a vector, its query; every token answers with another,
its key. The softmax of their products is a row of weights that add up to 1, and the place takes the weighted
mean of the tokens' values: softmax(Q K^T / sqrt(d)) V, Vaswani et al. 2017 (1706.03762), eq. 1; in the U-Net
Rombach et al. 2022 (2112.10752), section 3.3. The library computes that in one piece and throws the weights
away. `RecordingProcessor` computes it in two steps and keeps them.

Shapes: B pictures, T tokens (77), latents (B, C, H, W); a layer with h x w places lies at a level of the
U-Net where both sides have been halved none, one or several times.
"""

from contextlib import contextmanager

import torch
from PIL import Image, ImageEnhance

from helpers.errors import (
    InputError,
    check_number,
    check_parts,
    check_pictures,
    check_tensor,
    check_text,
    check_whole,
    quoted,
    shown,
)

DARKEST = 0.12  # how bright a lit picture stays where the weights are zero


class RecordingProcessor:
    """The attention of one cross-attention layer, computed so that its weights can be kept.

    The library calls it in place of its own processor. `weights` are those of the latest call, shape
    (B, heads, places, T); None before the first one.
    """

    def __init__(self):
        self.weights = None

    def __call__(self, attn, hidden_states, encoder_hidden_states, attention_mask=None, temb=None):
        batch, tokens, _ = encoder_hidden_states.shape
        attention_mask = attn.prepare_attention_mask(attention_mask, tokens, batch)
        query = attn.head_to_batch_dim(attn.to_q(hidden_states))
        key = attn.head_to_batch_dim(attn.to_k(encoder_hidden_states))
        value = attn.head_to_batch_dim(attn.to_v(encoder_hidden_states))
        weights = attn.get_attention_scores(query, key, attention_mask)  # softmax(Q K^T / sqrt(d))
        self.weights = weights.detach().unflatten(0, (-1, attn.heads))
        output = attn.batch_to_head_dim(weights @ value)
        for layer in attn.to_out:  # a linear layer, and a dropout that does nothing outside of training
            output = layer(output)
        return output


@contextmanager
def recorded_attention(unet):
    """Within the `with` block, keep the weights of every cross-attention layer of `unet`.

    Yields a dict {layer name: RecordingProcessor}, in the order down, middle, up; each holds the weights of
    the U-Net's latest call. Afterwards the U-Net has the processors that it had before, also if the block
    raised. Raises InputError for a U-Net without cross-attention.
    """
    check_parts(unet, "The U-Net", ("set_attn_processor",), "load_components(MODEL).unet")
    before = unet.attn_processors
    layers = _cross_attention_layers(unet)
    if not layers:
        raise InputError("This U-Net has no cross-attention to record: take one that reads prompts.")
    recorders = {layer: RecordingProcessor() for layer in layers}
    unet.set_attn_processor(before | {f"{layer}.processor": each for layer, each in recorders.items()})
    try:
        yield recorders
    finally:
        unet.set_attn_processor(before)


def token_maps(recorders, height, width):
    """The attention to every token, as maps at latent size: (B, T, height, width).

    Averages over the heads of a layer and then over all layers, each enlarged to the latents' `height` and
    `width`. What a place gives to all tokens adds up to 1. Raises InputError if nothing has been recorded, or
    if the latents had another size.
    """
    recorded = isinstance(recorders, dict) and all(hasattr(each, "weights") for each in recorders.values())
    if not recorded or not recorders:
        raise InputError(f"Recorders are what `recorded_attention` gives, not {shown(recorders)}.")
    height, width = check_whole(height, "The height"), check_whole(width, "The width")
    maps = [_enlarged(name, each.weights, height, width) for name, each in recorders.items()]
    return torch.stack(maps).mean(0)


def level_size(places, height, width):
    """The (h, w) of the U-Net's level with so many places: latents of height x width, halved so often.

    An odd side is rounded up, as the U-Net does. Raises InputError if no level has so many places.
    """
    places = check_whole(places, "The number of places")
    h, w = height, width = check_whole(height, "The height"), check_whole(width, "The width")
    while h * w > places and h * w > 1:
        h, w = (h + 1) // 2, (w + 1) // 2
    if h * w != places:
        raise InputError(
            f"No level of the U-Net has {places} places for latents of {height} x {width}: "
            "give the size of the latents that were recorded."
        )
    return h, w


def word_places(tokenizer, prompt, words):
    """Where `words`, one or several in a row, stand among the prompt's tokens: a list of positions.

    Position 0 is the start token. Words that occur more than once give all their places. Raises InputError
    for words that the prompt doesn't contain, or only after the part that the text encoder reads.
    """

    prompt, words = check_text(prompt), check_text(words, "What is looked for")
    check_parts(tokenizer, "The tokenizer", ("model_max_length",), "load_components(MODEL).tokenizer")

    def ids(text, **options):
        return tokenizer(text, **options).input_ids

    wanted = ids(words, add_special_tokens=False)
    present = ids(prompt, truncation=True, max_length=tokenizer.model_max_length)
    starts = [i for i in range(len(present)) if wanted and present[i : i + len(wanted)] == wanted]
    if not starts:
        raise InputError(
            f"{quoted(words)} is not in the prompt {quoted(prompt)}, or in its part that was cut off."
        )
    return [start + i for start in starts for i in range(len(wanted))]


def lit(picture, weights, brightest=None):
    """A PIL picture, bright where `weights` (h, w), from 0 up, are large, and nearly black where they are 0.

    `brightest` is the weight that leaves the picture as it is, by default the largest one. The weights keep
    their visible squares: they are no finer than that. Raises InputError for weights of another shape.
    """
    check_pictures([picture])
    if getattr(weights, "ndim", None) != 2:
        given = tuple(weights.shape) if hasattr(weights, "shape") else shown(weights)
        raise InputError(f"One map (height, width) is needed, not {given}: take one token's.")
    check_tensor(weights, "The weights", "height, width")
    if brightest is not None:
        brightest = check_number(brightest, "The brightest weight", above=0)
    brightest = weights.max() if brightest is None else brightest
    light = (weights / brightest).clamp(0, 1).nan_to_num().mul(255).round().byte().cpu().numpy()
    mask = Image.fromarray(light).resize(picture.size, Image.NEAREST)
    return Image.composite(picture, ImageEnhance.Brightness(picture).enhance(DARKEST), mask)


def _cross_attention_layers(unet):
    """The names of the layers whose keys come from the prompt, in the order down, middle, up."""
    order = ("down_blocks", "mid_block", "up_blocks")
    layers = [
        name.removesuffix(".processor")
        for name in unet.attn_processors
        if unet.get_submodule(name.removesuffix(".processor")).is_cross_attention
    ]
    return sorted(layers, key=lambda name: order.index(name.split(".")[0]))


def _enlarged(name, weights, height, width):
    """One layer's weights (B, heads, places, T), averaged over heads, as (B, T, height, width)."""
    if weights is None:
        raise InputError(f"Nothing has been recorded in {name}: call the U-Net within the `with` block.")
    h, w = level_size(weights.shape[2], height, width)
    maps = weights.float().mean(1).transpose(1, 2).unflatten(2, (h, w))
    return torch.nn.functional.interpolate(maps, (height, width), mode="bilinear", align_corners=False)
