"""The formulas by hand are the schedulers' own."""

from itertools import product

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
)
from tiny import SCHEDULER

from helpers.denoising import alpha_cumprod_at, predicted_x0
from helpers.errors import InputError
from helpers.seeding import generator, initial_noise

PNDM = PNDMScheduler.from_config(SCHEDULER)
SHAPE = (4, 8, 8)


def wobble(latents, t):
    """A stand-in for a U-Net: a smooth function of what it sees and when."""
    return torch.tanh(latents * 0.8) + float(t) / 2000


@pytest.mark.parametrize("t", [1, 250, 999])
def test_the_predicted_picture_of_the_true_noise_is_the_picture(t):
    picture, noise = initial_noise(SHAPE, [generator(0)]), initial_noise(SHAPE, [generator(1)])
    noised = PNDM.add_noise(picture, noise, torch.tensor([t]))
    torch.testing.assert_close(
        predicted_x0(noise, t, noised, PNDM.alphas_cumprod), picture, rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize(
    "scheduler_class, kind",
    [
        *product((DDIMScheduler, DDPMScheduler), ("epsilon", "v_prediction", "sample")),
        *product((LMSDiscreteScheduler, EulerDiscreteScheduler), ("epsilon", "v_prediction")),
    ],
)
@pytest.mark.parametrize("spacing", ["leading", "linspace", "trailing"])
def test_the_predicted_picture_is_what_the_scheduler_itself_predicts(scheduler_class, spacing, kind):
    scheduler = scheduler_class.from_config(PNDM.config, timestep_spacing=spacing, prediction_type=kind)
    scheduler.set_timesteps(20)
    latents = initial_noise(SHAPE, [generator(0)]) * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        model_input = scheduler.scale_model_input(latents, t)
        noise_pred = wobble(model_input, t)
        ours = predicted_x0(noise_pred, t, model_input, scheduler.alphas_cumprod, kind)
        step = (
            scheduler.step(noise_pred, t, latents, generator=generator(0))
            if (scheduler_class is DDPMScheduler)
            else scheduler.step(noise_pred, t, latents)
        )
        torch.testing.assert_close(ours, step.pred_original_sample, rtol=1e-3, atol=1e-3)
        latents = step.prev_sample


def test_another_kind_of_prediction_is_said_not_to_exist():
    with pytest.raises(
        InputError, match='no prediction type "noise": take "epsilon", "v_prediction" or "sample"'
    ):
        predicted_x0(torch.zeros(1), 5, torch.zeros(1), PNDM.alphas_cumprod, "noise")


def test_the_predicted_picture_is_what_dpm_solver_itself_predicts():
    scheduler = DPMSolverMultistepScheduler.from_config(PNDM.config)
    scheduler.set_timesteps(10)
    latents = initial_noise(SHAPE, [generator(0)])
    for t in scheduler.timesteps:
        noise_pred = wobble(latents, t)
        ours = predicted_x0(noise_pred, t, latents, scheduler.alphas_cumprod)
        after = scheduler.step(noise_pred, t, latents).prev_sample
        torch.testing.assert_close(ours, scheduler.model_outputs[-1], rtol=1e-3, atol=1e-3)
        latents = after


def test_between_two_timesteps_the_noise_level_lies_between_theirs():
    alphas_cumprod = PNDM.alphas_cumprod
    assert alpha_cumprod_at(400, alphas_cumprod) == alphas_cumprod[400]
    assert alphas_cumprod[401] < alpha_cumprod_at(400.5, alphas_cumprod) < alphas_cumprod[400]
    assert alpha_cumprod_at(999.0, alphas_cumprod) == alphas_cumprod[-1]
