"""The loop by hand gives the library's pictures, to the last bit, on models of different shapes."""

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
)
from PIL import Image
from tiny import SHAPES, save_tiny, tiny_parts

from helpers.denoising import decode, denoise, encode_prompts, generate, guided_noise
from helpers.errors import InputError, ModelError
from helpers.models import POCKET, Components, latent_shape, load_components, load_pipeline
from helpers.seeding import generator, initial_noise

SCHEDULERS = [
    PNDMScheduler,
    DDIMScheduler,
    LMSDiscreteScheduler,
    EulerDiscreteScheduler,
    DPMSolverMultistepScheduler,
    DDPMScheduler,
    EulerAncestralDiscreteScheduler,
]
PROMPTS = ["an astronaut on mars", "a planet"]
NEGATIVE = ["red", ""]


@pytest.fixture(scope="module")
def model(request, tmp_path_factory):
    """Components and pipeline of a model on the CPU; for a tiny model, of a saved one."""
    name = request.param
    folder = save_tiny(name, tmp_path_factory.mktemp("model")) if name in SHAPES else name
    return load_components(folder, "cpu", torch.float32), load_pipeline(folder, "cpu", torch.float32)


all_models = pytest.mark.parametrize("model", [*SHAPES, POCKET], indirect=True)
tiny_models = pytest.mark.parametrize("model", SHAPES, indirect=True)


def pixels(pictures):
    return np.stack([np.asarray(picture) for picture in pictures]).astype(int)


@all_models
@pytest.mark.parametrize("scheduler_class", SCHEDULERS)
def test_the_loop_by_hand_paints_the_pipelines_picture(model, scheduler_class, monkeypatch):
    components, pipeline = model
    scheduler = scheduler_class.from_config(components.scheduler.config)
    monkeypatch.setattr(pipeline, "scheduler", scheduler_class.from_config(components.scheduler.config))
    ours = generate(components, PROMPTS, [3, 4], 6, 5.0, NEGATIVE, scheduler=scheduler)
    theirs = pipeline(
        PROMPTS,
        negative_prompt=NEGATIVE,
        num_inference_steps=6,
        guidance_scale=5.0,
        generator=[generator(3), generator(4)],
    ).images
    assert np.abs(pixels(ours) - pixels(theirs)).max() == 0
    assert pixels(ours).std() > 5


@all_models
@pytest.mark.parametrize("scheduler_class", SCHEDULERS)
def test_the_latents_are_the_pipelines_to_the_last_bit(model, scheduler_class, monkeypatch):
    components, pipeline = model
    scheduler = scheduler_class.from_config(components.scheduler.config)
    monkeypatch.setattr(pipeline, "scheduler", scheduler_class.from_config(components.scheduler.config))
    generators = [generator(0)]
    noise = initial_noise(latent_shape(components), generators)
    embeddings = encode_prompts(components, PROMPTS[:1])
    ours = denoise(components, embeddings, noise, 4.0, 6, scheduler, generators=generators)
    theirs = pipeline(
        PROMPTS[:1], num_inference_steps=6, guidance_scale=4.0, generator=[generator(0)], output_type="latent"
    ).images
    assert (ours - theirs).abs().max() == 0


@all_models
def test_another_size_than_the_model_was_trained_on_is_painted_alike(model):
    components, pipeline = model
    ours = generate(components, "mars", 0, 3, 2.0, height=64, width=96)
    theirs = pipeline(
        "mars", num_inference_steps=3, guidance_scale=2.0, generator=generator(0), height=64, width=96
    ).images
    assert ours[0].size == (96, 64)
    assert np.abs(pixels(ours) - pixels(theirs)).max() == 0


@all_models
def test_picture_i_of_a_batch_is_that_of_a_single_run(model):
    """To one grey level in 255: a matrix product of another size may round its last bit differently."""
    components, _ = model
    batch = generate(components, "mars", [5, 6, 7], 4, 3.0)
    single = [generate(components, "mars", seed, 4, 3.0)[0] for seed in (5, 6, 7)]
    assert np.abs(pixels(batch) - pixels(single)).max() <= 1


@tiny_models
def test_a_second_run_paints_the_same_picture(model):
    components, _ = model
    for scheduler_class in SCHEDULERS:
        scheduler = scheduler_class.from_config(components.scheduler.config)
        first, again = (generate(components, "mars", 1, 3, 3.0, scheduler=scheduler) for _ in range(2))
        assert np.array_equal(pixels(first), pixels(again))


@tiny_models
def test_embeddings_put_the_unconditional_half_first(model):
    components, _ = model
    embeddings = encode_prompts(components, PROMPTS)
    assert embeddings.shape == (4, 77, components.unet.config.cross_attention_dim)
    empty = encode_prompts(components, [""])[1]
    torch.testing.assert_close(embeddings[0], empty)
    torch.testing.assert_close(embeddings[1], empty)
    assert not torch.allclose(embeddings[2], embeddings[3])


@tiny_models
def test_a_negative_prompt_replaces_the_empty_one_and_empty_is_the_default(model):
    components, _ = model
    default = encode_prompts(components, PROMPTS)
    assert torch.equal(default, encode_prompts(components, PROMPTS, ["", ""]))
    negative = encode_prompts(components, PROMPTS, ["red", "red"])
    assert torch.equal(default[2:], negative[2:])
    assert not torch.allclose(default[:2], negative[:2])
    assert np.array_equal(
        pixels(generate(components, "mars", 0, 2, 3.0)), pixels(generate(components, "mars", 0, 2, 3.0, ""))
    )


@tiny_models
def test_guidance_1_is_the_conditional_prediction_and_0_the_unconditional(model):
    components, pipeline = model
    embeddings = encode_prompts(components, ["mars"])
    latents, t = initial_noise(latent_shape(components), [generator(0)]), torch.tensor(500)
    uncond, cond = (
        components.unet(latents, t, encoder_hidden_states=each[None]).sample for each in embeddings
    )
    close = dict(rtol=1e-4, atol=1e-4)  # 7.5 times what rounding leaves
    torch.testing.assert_close(guided_noise(components.unet, latents, t, embeddings, 1), cond, rtol=0, atol=0)
    torch.testing.assert_close(guided_noise(components.unet, latents, t, embeddings, 0), uncond, **close)
    expected = uncond + 7.5 * (cond - uncond)
    torch.testing.assert_close(guided_noise(components.unet, latents, t, embeddings, 7.5), expected, **close)
    assert not torch.allclose(cond, uncond)
    ours = generate(components, "mars", 0, 3, 1)
    theirs = pipeline("mars", num_inference_steps=3, guidance_scale=1, generator=generator(0)).images
    assert np.array_equal(pixels(ours), pixels(theirs))


@tiny_models
def test_one_prompt_with_many_seeds_and_many_prompts_with_one_seed(model):
    components, _ = model
    assert len(generate(components, "mars", range(3), 1, 2.0)) == 3
    assert len(generate(components, ["mars", "a moon"], 0, 1, 2.0)) == 2
    with pytest.raises(InputError, match="single or equally many, not 2, 3, 1"):
        generate(components, ["mars", "a moon"], [0, 1, 2], 1, 2.0)


@tiny_models
def test_decoding_divides_by_the_scaling_factor_and_rounds(model):
    components, _ = model
    latents = initial_noise(latent_shape(components), [generator(0), generator(1)])
    pictures = decode(components.vae, latents)
    raw = components.vae.decode(latents / components.vae.config.scaling_factor).sample
    expected = ((raw / 2 + 0.5).clamp(0, 1) * 255).round().permute(0, 2, 3, 1)
    assert all(isinstance(picture, Image.Image) and picture.mode == "RGB" for picture in pictures)
    np.testing.assert_array_equal(pixels(pictures), expected.int().numpy())


@tiny_models
def test_the_callback_sees_every_call_of_the_u_net(model):
    components, _ = model
    steps = []
    generate(components, "mars", [0, 1], 5, 3.0, callback=steps.append)
    assert [step.index for step in steps] == list(range(6))  # PNDM calls the U-Net once more than steps
    assert [int(step.t) for step in steps] == components.scheduler.timesteps.tolist()
    shape = (2, *latent_shape(components))
    assert all(
        step.latents.shape == step.noise_pred.shape == step.predicted_x0.shape == shape for step in steps
    )


@tiny_models
def test_nan_from_the_u_net_names_the_usual_cause(model, monkeypatch):
    components, _ = model
    broken = components.unet.conv_out.bias.clone().fill_(float("nan"))
    monkeypatch.setattr(components.unet.conv_out, "bias", torch.nn.Parameter(broken, requires_grad=False))
    with pytest.raises(
        ModelError, match=r"The U-Net's output at timestep \d+ holds .* \(NaN\), .* load the model again"
    ):
        generate(components, "mars", 0, 2, 3.0)


@tiny_models
def test_too_little_memory_in_the_loop_says_what_to_do(model, monkeypatch):
    components, _ = model

    def no_memory(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.")

    monkeypatch.setattr(components.unet, "forward", no_memory)
    with pytest.raises(ModelError, match="not enough memory: make fewer or smaller pictures"):
        generate(components, "mars", 0, 2, 3.0)


@tiny_models
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(prompts=""), "prompt is empty"),
        (dict(prompts=["mars", "  "]), "prompt is empty"),
        (dict(num_inference_steps=0), "steps must be a whole number from 1 to 1000, not 0"),
        (dict(num_inference_steps=1001), "steps must be"),
        (dict(guidance_scale=-1), "guidance scale must be"),
        (dict(seeds=0.5), "A seed is a whole number"),
        (dict(height=100), "The height 100 is not a multiple of 8 pixels: take 96"),
    ],
)
def test_what_can_not_work_is_refused_before_any_computing(model, monkeypatch, wrong, message):
    components, _ = model
    monkeypatch.setattr(components.text_encoder, "forward", lambda *_, **__: pytest.fail("it computed"))
    monkeypatch.setattr(components.unet, "forward", lambda *_, **__: pytest.fail("it computed"))
    right = dict(prompts="mars", seeds=0, num_inference_steps=2, guidance_scale=3.0)
    with pytest.raises(InputError, match=message):
        generate(components, **{**right, **wrong})


@pytest.mark.parametrize(
    ("scheduler_class", "wrong", "most"),
    [
        (PNDMScheduler, 1000, 999),  # counts from 1: its last timestep would be 1000
        (DDIMScheduler, 1000, 999),
        (DPMSolverMultistepScheduler, 1000, 999),  # repeats a noise level
        (LCMScheduler, 51, 50),  # was distilled to 50
        (EulerDiscreteScheduler, None, 1000),
    ],
)
def test_a_scheduler_that_can_not_make_so_many_steps_says_how_many_it_can(scheduler_class, wrong, most):
    """With a U-Net that answers at once: a thousand of the real one's answers would take long."""
    parts = Components(**tiny_parts("like sd"))
    scheduler = scheduler_class.from_config(parts.scheduler.config)
    components = parts._replace(unet=Answers(), scheduler=scheduler)
    begin = torch.zeros(2, 3), initial_noise((1, 2, 2), [generator(0)])
    if wrong:
        message = f"{scheduler_class.__name__} can't make {wrong} steps: take {most}."
        with pytest.raises(InputError, match=message):
            denoise(components, *begin, 3.0, wrong)
    assert denoise(components, *begin, 3.0, most).isfinite().all()


class Answers:
    """Stands where a U-Net does, and answers with the latents' own tanh."""

    dtype, device = torch.float32, torch.device("cpu")

    def __call__(self, latents, t, encoder_hidden_states, return_dict):
        return (torch.tanh(latents),)
