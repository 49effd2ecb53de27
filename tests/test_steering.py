"""What the loop lets a reader change: its start, its guidance, what it keeps. And pictures to latents."""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, HeunDiscreteScheduler
from PIL import Image
from tiny import SHAPES, save_tiny

from helpers.denoising import decode, denoise, encode_picture, encode_prompts, generate, to_pixels
from helpers.errors import InputError
from helpers.models import POCKET, latent_shape, load_components
from helpers.seeding import generator, initial_noise


@pytest.fixture(scope="module", params=[*SHAPES, POCKET])
def components(request, tmp_path_factory):
    name = request.param
    folder = save_tiny(name, tmp_path_factory.mktemp("model")) if name in SHAPES else name
    return load_components(folder, "cpu", torch.float32)


@pytest.fixture
def begin(components):
    """Text embeddings and noise for one picture."""
    return encode_prompts(components, ["a planet"]), initial_noise(latent_shape(components), [generator(0)])


def picture_for(components, seed=0):
    _, height, width = latent_shape(components)
    side = (8 * width, 8 * height)
    pixels = np.random.default_rng(seed).integers(0, 256, (side[1], side[0], 3), np.uint8)
    return Image.fromarray(pixels)


def test_a_function_can_guide_in_place_of_a_number(components, begin):
    seen = []

    def guide(noise_uncond, noise_cond, t):
        seen.append(float(t))
        return noise_uncond + 3.0 * (noise_cond - noise_uncond)

    by_function = denoise(components, *begin, guide, 4)
    assert torch.equal(by_function, denoise(components, *begin, 3.0, 4))
    assert seen == components.scheduler.timesteps.tolist()
    assert generate(components, "mars", 0, 2, guide)


def test_a_late_start_runs_the_rest_of_the_steps_from_the_latents_that_it_gets(components, begin):
    """Stopped on its way and started there again, the loop ends where it would have ended."""
    from diffusers import DDIMScheduler

    scheduler, steps = DDIMScheduler.from_config(components.scheduler.config), []
    whole = denoise(components, *begin, 3.0, 6, scheduler, steps.append)
    late = []
    rest = denoise(components, begin[0], steps[2].latents, 3.0, 6, scheduler, late.append, start=2)
    assert [step.t for step in late] == [step.t for step in steps[2:]]
    assert torch.equal(rest, whole)


@pytest.mark.parametrize("start", [-1, 6, 7, 1.5, 100])
def test_a_start_that_leaves_no_step_is_refused(components, begin, start):
    with pytest.raises(InputError, match="can't be skipped"):
        denoise(components, *begin, 3.0, 6, start=start)


@pytest.mark.parametrize("kind", ["v_prediction", "sample"])
def test_a_step_knows_the_picture_that_another_kind_of_prediction_points_to(components, begin, kind):
    scheduler = DDIMScheduler.from_config(components.scheduler.config, prediction_type=kind)
    steps = []
    denoise(components, *begin, 3.0, 4, scheduler, steps.append)
    for step in steps:
        wanted = scheduler.step(step.noise_pred, step.t, step.latents).pred_original_sample
        torch.testing.assert_close(step.predicted_x0, wanted, rtol=1e-4, atol=1e-4)


def test_one_step_is_enough_for_a_scheduler_with_two_calls_a_step(components, begin):
    """Heun has 2 N - 1 timesteps: its last step is one call."""
    scheduler, steps = HeunDiscreteScheduler.from_config(components.scheduler.config), []
    denoise(components, *begin, 3.0, 6, scheduler, steps.append, start=5)
    assert len(steps) == 1 and steps[0].t == scheduler.timesteps[-1]


def test_after_step_puts_latents_in_place_and_knows_their_timestep(components, begin):
    times = []

    def keep(latents, t_next):
        times.append(t_next if t_next is None else float(t_next))
        return torch.zeros_like(latents) if t_next is None else latents

    assert not denoise(components, *begin, 3.0, 4, after_step=keep).any()
    assert times == [*components.scheduler.timesteps[1:].tolist(), None]


def test_a_picture_encoded_is_what_the_library_encodes(components):
    """Mean and sample alike, to the last bit: image-to-image begins with them."""
    from diffusers.image_processor import VaeImageProcessor

    picture, vae = picture_for(components), components.vae
    theirs = vae.encode(VaeImageProcessor().preprocess(picture)).latent_dist
    assert torch.equal(encode_picture(vae, [picture]), theirs.mean * vae.config.scaling_factor)
    sample = theirs.sample(generator(5)) * vae.config.scaling_factor
    assert torch.equal(encode_picture(vae, [picture], [generator(5)]), sample)


def test_pixels_of_arrays_and_of_pictures_are_the_same(components):
    pictures = [picture_for(components, seed) for seed in (0, 1)]
    arrays = np.stack([np.asarray(picture) for picture in pictures])
    pixels = to_pixels(pictures)
    assert torch.equal(pixels, to_pixels(arrays))
    assert pixels.shape[:2] == (2, 3) and -1 <= pixels.min() < -0.99 and 0.99 < pixels.max() <= 1


def test_the_pocket_model_knows_its_own_pictures_again():
    """Encoded and decoded, an example stays what it is."""
    from helpers.lesson.examples import load_renders

    vae = load_components(POCKET, "cpu", torch.float32).vae
    examples = [example.picture for example in load_renders()[:8]]
    rebuilt = decode(vae, encode_picture(vae, examples))
    for before, after in zip(examples, rebuilt):
        error = np.square(np.asarray(before, float) - np.asarray(after, float)).mean()
        assert 10 * np.log10(255**2 / error) > 22
