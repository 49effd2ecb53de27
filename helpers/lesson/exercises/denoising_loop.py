"""Grades the exercises in notebook 05, The denoising loop."""

import torch

from helpers.lesson.grading import close, grade, tensor
from helpers.seeding import generator


def grade_guidance(answer, noise_uncond, noise_cond, guidance_scale):
    """`answer`: the guided prediction, of the shape of the two predictions (B, C, h, w)."""
    prompt_says = noise_cond - noise_uncond
    grade(
        answer,
        right=noise_uncond + guidance_scale * prompt_says,
        hints=[
            (
                noise_cond + guidance_scale * prompt_says,
                "That begins at the prompt's prediction, as in the paper; ours begins at the empty one's.",
            ),
            (noise_uncond - guidance_scale * prompt_says, "The wrong way round: away from the prompt."),
            (
                noise_uncond + (guidance_scale - 1) * prompt_says,
                f"That is the paper's weight, which is our scale minus one: take {guidance_scale}.",
            ),
            (noise_cond, "That is the prompt's own prediction, a scale of 1."),
            (
                guidance_scale * noise_cond,
                "That only enlarges the prediction: compare it with the empty one's.",
            ),
        ],
    )


def grade_ddim_step(answer, scheduler, noise_pred, t, t_prev, latents):
    """`answer`: the latents (B, C, h, w) after one DDIM step from t to t_prev, by `scheduler`."""
    alpha, alpha_prev = scheduler.alphas_cumprod[[t, t_prev]].tolist()
    x0 = (latents - (1 - alpha) ** 0.5 * noise_pred) / alpha**0.5
    grade(
        answer,
        right=scheduler.step(noise_pred, t, latents).prev_sample,
        hints=[
            (x0, f"That is the predicted x0: mix noise back in, at the level of {t_prev}."),
            (
                alpha_prev * x0 + (1 - alpha_prev) * noise_pred,
                "The shares are square roots: of alpha, and of 1 - alpha.",
            ),
            (latents, f"You mixed back at the level that you came from: the new one is that of {t_prev}."),
            (latents - noise_pred, "The latents are a mix of picture and noise: find x0 first."),
        ],
    )


def grade_wider_noise(answer, unet):
    """`answer`: noise from seed 3 for a picture one and a half times as wide as the U-Net was trained on."""
    channels, size = unet.config.in_channels, unet.config.sample_size
    wanted = torch.randn((1, channels, size, size * 3 // 2), generator=generator(3))
    grade(
        answer,
        right=lambda a: close(a, wanted, atol=1e-2),
        hints=[
            (lambda a: a.shape[-2] > a.shape[-1], "That is taller: height comes before width."),
            (
                lambda a: a.dim() == 4 and a.shape[1] != channels,
                f"Latents have {channels} channels, not three colours.",
            ),
            (lambda a: a.shape == wanted.shape, "The shape is right; start the generator with seed 3."),
        ],
        wants=tensor(wanted.shape),
    )
