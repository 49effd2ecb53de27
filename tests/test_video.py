"""The new layers join frames and nothing else; the ruler reads a turning planet; videos are played."""

import base64
import io
import re
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.errors import InputError, ModelError
from helpers.video import player
from helpers.video.model import FOLDER, VideoUNet, generate_videos, load_video_model, new_layers, without_time
from helpers.video.player import load_drawn, show_videos
from helpers.video.ruler import change, turn
from worlds import planets as world
from worlds import seeds, turning


@pytest.fixture(scope="module")
def model():
    return load_video_model()


@pytest.fixture
def inputs():
    noise = torch.randn(2, 4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    return noise, torch.tensor(500), torch.randn(2, 77, 128, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_new_layers_start_as_if_they_were_not_there(model, inputs):
    image_unet = model.unet.unet
    fresh = VideoUNet(image_unet, new_layers(image_unet, 8))
    torch.testing.assert_close(fresh(*inputs).sample, VideoUNet(image_unet)(*inputs).sample)


@torch.no_grad()
def test_without_them_each_frame_is_the_picture_u_nets_own(model, inputs):
    latents, t, text = inputs
    frames = without_time(model).unet(latents, t, text).sample
    alone = model.unet.unet(latents[:, :, 2], t, text, return_dict=False)[0]
    torch.testing.assert_close(frames[:, :, 2], alone, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_frames_hear_each_other_and_videos_do_not(model, inputs):
    latents, t, text = inputs
    before, latents = model.unet(latents, t, text).sample, latents.clone()
    latents[0, :, 0] += 1
    after = model.unet(latents, t, text).sample
    assert (after[0, :, 2] - before[0, :, 2]).abs().max() > 1e-3
    torch.testing.assert_close(after[1], before[1])


@torch.no_grad()
def test_the_picture_u_net_is_left_as_it_was(model, inputs):
    latents, t, text = inputs
    picture = model.unet.unet(latents[:, :, 0], t, text, return_dict=False)[0]
    model.unet(latents, t, text)
    assert torch.equal(model.unet.unet(latents[:, :, 0], t, text, return_dict=False)[0], picture)


def test_a_video_changes_less_than_pictures_of_their_own_but_does_change(model):
    asked = (["a giant ocean planet in deep space"], [3], 8, 4.0)
    joined, alone = generate_videos(model, *asked)[0], generate_videos(without_time(model), *asked)[0]
    assert len(joined) == 8 and joined[0].size == (128, 128)
    assert 1 < change(joined) < 0.5 * change(alone)


def test_a_video_of_a_batch_is_the_video_alone(model):
    prompts = ["a giant lava planet", "a planet"]
    both = generate_videos(model, prompts, [1, 2], 2, 4.0, frames=3)
    alone = generate_videos(model, prompts[1:], [2], 2, 4.0, frames=3)[0]
    assert np.abs(np.asarray(both[1][2], int) - np.asarray(alone[2], int)).max() <= 2


@pytest.mark.parametrize(
    "wrong",
    [{"frames": 1}, {"frames": 2.5}, {"prompts": ["a planet"] * 2, "seeds": [1, 2, 3]}, {"prompts": [""]}],
)
def test_what_cannot_become_a_video_is_said(model, wrong):
    with pytest.raises(InputError):
        generate_videos(
            model,
            wrong.get("prompts", ["a planet"]),
            wrong.get("seeds", [0]),
            2,
            4.0,
            frames=wrong.get("frames", 8),
        )


def test_missing_weights_are_said(tmp_path):
    with pytest.raises(ModelError, match="model.safetensors is missing: run `python -m training video`"):
        load_video_model(str(tmp_path))


@pytest.mark.parametrize(("file", "content"), [("model.safetensors", "no weights"), ("config.json", "{}")])
def test_damaged_weights_are_said(tmp_path, file, content):
    shutil.copytree(FOLDER, tmp_path / "layers")
    assert load_video_model(str(tmp_path / "layers")).unet.layers
    (tmp_path / "layers" / file).write_text(content)
    with pytest.raises(
        ModelError, match="layers(/model.safetensors)? is damaged: run `python -m training video`"
    ):
        load_video_model(tmp_path / "layers")


def test_one_prompt_or_one_seed_serves_all_videos(model):
    two = generate_videos(model, "a planet", [1, 2], 1, 1.0, frames=2)
    listed = generate_videos(model, ["a planet"] * 2, [1, 2], 1, 1.0, frames=np.int64(2))
    assert [[f.tobytes() for f in video] for video in two] == [[f.tobytes() for f in v] for v in listed]


def test_the_weights_are_small():
    assert (FOLDER / "model.safetensors").stat().st_size <= 1.2e6


def test_the_ruler_reads_drawn_planets():
    for video in load_drawn():
        angle, agreement = turn(video)
        assert abs(angle - turning.STEP) < 3 and agreement > 0.7
        assert abs(turn(video[::-1])[0] + turning.STEP) < 3
        assert turn([video[0]] * 8) == (0, pytest.approx(1))


def test_the_ruler_is_as_long_as_what_it_measures():
    """On average: a planet is nearer to us or farther away, and its middle isn't the picture's."""
    kinds, found = ("ocean planet", "ice planet", "lava planet", "rocky planet"), []
    for number in range(12):
        scene = turning.giant(kinds[number % 4], "red" if number % 4 == 3 else None)
        frames = turning.render(scene, np.random.default_rng(seeds.TESTS[number]), frames=4)
        found.append(turn([Image.fromarray(frame) for frame in frames])[0])
    assert np.mean(found) == pytest.approx(turning.STEP, abs=0.6)


def test_the_ruler_sees_that_different_planets_do_not_turn_into_each_other():
    mixed = [video[i] for i, video in enumerate(load_drawn())]
    assert turn(mixed)[1] < 0.4


def test_only_the_planet_turns():
    video, scene = turning.draw(11)
    assert video.shape == (turning.FRAMES, 128, 128, 3) and not world.is_held_out(scene)
    assert np.array_equal(video, turning.draw(11)[0])
    moving = np.abs(np.diff(video.astype(int), axis=0)).max((0, 3)) > 0
    x, y = np.nonzero(moving.any(0))[0], np.nonzero(moving.any(1))[0]
    assert np.ptp(x) <= 2 * 49 + 2 and np.ptp(y) <= 2 * 49 + 2 and not moving[:4].any()


def test_videos_are_played_in_the_cell(capsys, monkeypatch):
    shown = []
    monkeypatch.setattr(player, "display", shown.append)
    show_videos(load_drawn()[:2], ["one", "two"], "Two planets that turn.")
    page = shown[0]._repr_html_()
    assert 'alt="Two planets that turn."' in page
    played = Image.open(io.BytesIO(base64.b64decode(re.search('base64,([^"]+)', page)[1])))
    assert played.format == "WEBP" and played.n_frames == 8
    with pytest.raises(InputError):
        show_videos([load_drawn()[0], load_drawn()[1][:3]], ["one", "two"], "Unequal.")
    with pytest.raises(InputError):
        show_videos(load_drawn()[:1], ["one"], "")
