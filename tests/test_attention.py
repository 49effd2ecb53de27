"""Recorded attention: the library's own result, weights that add up to 1, and maps at the latents' size."""

import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor
from PIL import Image
from tiny import SHAPES, tiny_parts

from helpers.attention import DARKEST, level_size, lit, recorded_attention, token_maps, word_places
from helpers.errors import InputError

TOKENS = 77


@pytest.fixture(scope="module", params=SHAPES)
def parts(request):
    return tiny_parts(request.param)


def asked(unet, height=None, width=None, batch=2):
    """The arguments of one call of the U-Net, the same at every call."""
    rng = torch.Generator().manual_seed(3)
    size = unet.config.sample_size
    latents = torch.randn(batch, unet.config.in_channels, height or size, width or size, generator=rng)
    text = torch.randn(batch, TOKENS, unet.config.cross_attention_dim, generator=rng)
    return dict(sample=latents, timestep=500, encoder_hidden_states=text)


def test_the_recorded_attention_gives_the_librarys_result(parts):
    unet = parts["unet"]
    expected = unet(**asked(unet)).sample
    with recorded_attention(unet):
        recorded = unet(**asked(unet)).sample
    assert expected.std() > 0.01
    torch.testing.assert_close(recorded, expected, rtol=1e-4, atol=1e-5)


def test_weights_are_the_softmax_of_query_and_key(parts):
    unet = parts["unet"]
    seen = {}

    def keep(layer, inputs, named, output):
        text = inputs[1] if len(inputs) > 1 else named["encoder_hidden_states"]
        seen.update(hidden=inputs[0], text=text)

    with recorded_attention(unet) as layers:
        name, recorder = next(iter(layers.items()))
        layer = unet.get_submodule(name)
        hook = layer.register_forward_hook(keep, with_kwargs=True)
        unet(**asked(unet))
        hook.remove()
    query, key = (
        each.unflatten(-1, (layer.heads, -1)).transpose(1, 2)
        for each in (layer.to_q(seen["hidden"]), layer.to_k(seen["text"]))
    )
    expected = (query @ key.transpose(2, 3) / query.shape[-1] ** 0.5).softmax(-1)
    torch.testing.assert_close(recorder.weights, expected, rtol=1e-4, atol=1e-6)


def test_every_cross_attention_layer_is_recorded_from_down_to_up_and_no_self_attention(parts):
    unet = parts["unet"]
    with recorded_attention(unet) as layers:
        unet(**asked(unet))
    assert sorted(layers) == sorted(
        name.removesuffix(".processor") for name in unet.attn_processors if "attn2" in name
    )
    blocks = [name.split("_")[0] for name in layers]
    assert blocks == sorted(blocks, key=["down", "mid", "up"].index) and len(set(blocks)) == 3
    for name, recorder in layers.items():
        heads = unet.get_submodule(name).heads
        assert recorder.weights.shape[:2] == (2, heads) and recorder.weights.shape[3] == TOKENS
        torch.testing.assert_close(recorder.weights.sum(-1), torch.ones(recorder.weights.shape[:3]))


def test_the_processors_come_back_also_after_an_error(parts):
    unet = parts["unet"]
    unet.set_attn_processor(AttnProcessor())
    before = dict(unet.attn_processors)
    with recorded_attention(unet):
        assert unet.attn_processors != before
    assert unet.attn_processors == before
    with pytest.raises(ZeroDivisionError), recorded_attention(unet):
        raise ZeroDivisionError
    assert unet.attn_processors == before


def test_it_keeps_the_latest_call(parts):
    unet = parts["unet"]
    with recorded_attention(unet) as layers:
        unet(**asked(unet))
        first = [layer.weights for layer in layers.values()]
        unet(**asked(unet) | dict(timestep=10))
    assert not any(torch.equal(old, new.weights) for old, new in zip(first, layers.values()))


@pytest.mark.parametrize(("height", "width"), [(None, None), (16, 24), (8, 20), (10, 6)])
def test_maps_have_the_latents_size_and_add_up_to_1(parts, height, width):
    unet = parts["unet"]
    arguments = asked(unet, height, width)
    with recorded_attention(unet) as layers:
        unet(**arguments)
    size = arguments["sample"].shape[-2:]
    maps = token_maps(layers, *size)
    assert maps.shape == (2, TOKENS, *size)
    torch.testing.assert_close(maps.sum(1), torch.ones(2, *size))


def test_a_map_is_the_mean_over_heads_and_layers_at_their_place():
    """A layer whose left half reads token 0 and right half token 1, and one that reads token 2 alone."""

    class Layer:
        def __init__(self, weights):
            self.weights = weights

    halves = torch.zeros(1, 2, 4, 4, 3)
    halves[..., :2, 0], halves[..., 2:, 1] = 1, 1
    last = torch.zeros(1, 1, 16, 3)
    last[..., 2] = 1
    maps = token_maps({"halves": Layer(halves.flatten(2, 3)), "last": Layer(last)}, 4, 4)[0]
    left = torch.tensor([0.5, 0.5, 0, 0]).expand(4, 4)
    torch.testing.assert_close(maps, torch.stack([left, left.flip(1), torch.full((4, 4), 0.5)]))


def test_level_sizes():
    assert level_size(256, 16, 16) == (16, 16)
    assert level_size(16, 16, 16) == (4, 4)
    assert level_size(15, 10, 6) == (5, 3)
    assert level_size(6, 10, 6) == (3, 2)  # odd sides are rounded up on the way down
    assert level_size(1, 16, 16) == (1, 1)
    with pytest.raises(InputError, match="No level of the U-Net has 17 places for latents of 16 x 16"):
        level_size(17, 16, 16)


def test_word_places(parts):
    tokenizer = parts["tokenizer"]
    prompt = "an alien on mars, on mars"
    ids = tokenizer(prompt).input_ids
    mars = word_places(tokenizer, prompt, "mars")
    assert len(mars) == 2 and {ids[place] for place in mars} == set(
        tokenizer("mars", add_special_tokens=False).input_ids
    )
    assert len(word_places(tokenizer, prompt, "on mars")) == 4
    assert word_places(tokenizer, prompt, "an")[0] == 1  # after the start token
    for words in ("rocket", "ars", ""):
        with pytest.raises(InputError, match="is not in the prompt"):
            word_places(tokenizer, prompt, words)
    with pytest.raises(InputError, match="in its part that was cut off"):
        word_places(tokenizer, "x " * 80 + "mars", "mars")


def test_nothing_recorded_and_the_wrong_size_say_what_to_do(parts):
    unet = parts["unet"]
    with recorded_attention(unet) as layers:
        with pytest.raises(InputError, match="Nothing has been recorded in .*: call the U-Net"):
            token_maps(layers, 8, 8)
        unet(**asked(unet))
    with pytest.raises(InputError, match="give the size of the latents"):
        token_maps(layers, 7, 7)


def test_a_u_net_that_reads_no_prompt_is_refused(parts, monkeypatch):
    unet = parts["unet"]
    monkeypatch.setattr(type(unet), "attn_processors", {})
    with pytest.raises(InputError, match="no cross-attention"), recorded_attention(unet):
        pass


def test_a_lit_picture_is_bright_where_the_weights_are():
    white = Image.new("RGB", (8, 8), "white")
    picture = lit(white, torch.tensor([[0.0, 2.0], [1.0, 4.0]]), brightest=2.0)
    levels = [picture.getpixel(corner)[0] for corner in ((1, 1), (6, 1), (1, 6), (6, 6))]
    dark = round(255 * DARKEST)
    assert levels == pytest.approx([dark, 255, (dark + 255) / 2, 255], abs=2)
    assert lit(white, torch.tensor([[0.0, 0.5]])).getpixel((6, 1)) == (255, 255, 255)
    assert lit(white, torch.zeros(2, 2)).getpixel((0, 0))[0] == pytest.approx(dark, abs=2)
    with pytest.raises(InputError, match="One map"):
        lit(white, torch.zeros(3, 2, 2))
