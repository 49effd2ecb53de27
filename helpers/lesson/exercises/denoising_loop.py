"""Grades the exercises in notebook 05, The denoising loop."""

import torch

from helpers.lesson.grading import close, factors, grade, tensor
from helpers.seeding import generator


def grade_guidance(answer, noise_uncond, noise_cond, guidance_scale):
    """`answer`: the guided prediction, of the shape of the two predictions (B, C, h, w)."""
    prompt_says = noise_cond - noise_uncond

    def from_empty(test):
        return lambda a: test(*factors(a, noise_uncond, prompt_says))

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
            (noise_uncond, "That is the empty prompt's own prediction, a scale of 0."),
            (
                guidance_scale * prompt_says,
                "That is only how far to go: from which of the two predictions does it begin?",
            ),
            (
                noise_uncond + guidance_scale * noise_cond,
                "That adds the prompt's whole prediction: scale only how it differs from the empty one's.",
            ),
            (
                from_empty(lambda start, scale: abs(start - 1) < 0.02),
                f"The rule is right, the scale is another: wanted is {guidance_scale}.",
            ),
            (
                from_empty(lambda start, scale: True),
                "Both are in it, with other factors: begin at one, and add a multiple of their difference.",
            ),
        ],
        otherwise="The two predictions and the scale are all you need: how do the two differ?",
    )


def grade_ddim_step(answer, scheduler, noise_pred, t, t_prev, latents):
    """`answer`: the latents (B, C, h, w) after one DDIM step from t to t_prev, by `scheduler`."""
    alpha, alpha_prev = scheduler.alphas_cumprod[[t, t_prev]].tolist()
    x0 = (latents - (1 - alpha) ** 0.5 * noise_pred) / alpha**0.5

    def mixed(picture, noise):
        return alpha_prev**0.5 * picture + (1 - alpha_prev) ** 0.5 * noise

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
            (
                mixed(latents, noise_pred),
                "That mixes noise into the noisy latents: into which picture should it go?",
            ),
            (
                mixed(x0, latents),
                "That mixes the old latents back in: DDIM takes the noise that was predicted.",
            ),
            (
                alpha_prev**0.5 * x0 + (1 - alpha) ** 0.5 * noise_pred,
                f"The picture has the level of {t_prev}, the noise still that of {t}: both need the new one.",
            ),
            (
                alpha**0.5 * x0 + (1 - alpha_prev) ** 0.5 * noise_pred,
                f"The noise has the level of {t_prev}, the picture still that of {t}: both need the new one.",
            ),
            (
                noise_pred,
                "That is the predicted noise: use it to find x0, and then once more in the mixture.",
            ),
            (
                alpha_prev**0.5 * x0,
                f"Now the picture has its factor: the noise that belongs to {t_prev} is missing.",
            ),
            (
                (1 - alpha_prev) ** 0.5 * x0 + alpha_prev**0.5 * noise_pred,
                "The two factors are exchanged: alpha bar belongs to the picture.",
            ),
        ],
        otherwise="It takes two lines: first x0, from `x` and `e`; then the formula above, at the new level.",
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
            (
                lambda a: a.shape == wanted.shape and 0 <= a.min() < a.max(),
                "The shape is right, but there is nothing below 0: noise is normally distributed.",
            ),
            (lambda a: a.shape == wanted.shape, "The shape is right; start the generator with seed 3."),
            (
                lambda a: a.shape[-2:] == (size, size),
                "That is the usual size: one of the sides should be one and a half times as long.",
            ),
            (
                lambda a: a.dim() == 3,
                "One axis is missing: the U-Net takes several pictures at once, here a single one.",
            ),
            (
                lambda a: a.shape[-1] > 4 * size,
                f"That counts pixels: the latents of a square picture have {size} places a side.",
            ),
        ],
        wants=tensor(wanted.shape),
    )
