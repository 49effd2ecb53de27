"""The objective of all diffusion trainings but the lessons' own, and one step of an optimiser towards it."""

import torch
from diffusers.training_utils import compute_snr

from helpers.lesson.trainings import ema_decay


@torch.no_grad()
def update_ema(ema, model, step, longest=0.999):
    torch._foreach_lerp_(list(ema.parameters()), list(model.parameters()), 1 - ema_decay(step, longest))


def min_snr_weights(scheduler, gamma=5):
    """The weight of the loss at each timestep: that of the clean picture's error is min(SNR, gamma).

    The error of the noise is that of the picture times SNR, and the velocity's is it times SNR + 1; so theirs
    are min(SNR, gamma) / SNR and min(SNR, gamma) / (SNR + 1). Hang et al. 2023 (2303.09556), section 3.4.
    """
    snr = compute_snr(scheduler, torch.arange(scheduler.config.num_train_timesteps))
    errors = {"epsilon": snr, "sample": 1.0, "v_prediction": snr + 1}
    return snr.clamp(max=gamma) / errors[scheduler.config.prediction_type]


def predicted(unet, text_embeddings, noisy, timesteps):
    """What a U-Net says of noisy latents; with `partial`, the `network` of `training_loss`."""
    return unet(noisy, timesteps, text_embeddings, return_dict=False)[0]


def training_loss(network, scheduler, clean, weights=None, noise=None, timesteps=None):
    """The objective of every diffusion training here: a scalar, the weighed mean squared error.

    Noise is added to `clean` (B, ...), and network(noisy, timesteps) has to tell what the scheduler's
    prediction_type names: the noise, the clean picture or the velocity. (Ho et al. 2020, 2006.11239,
    algorithm 1; Salimans & Ho 2022, 2202.00512, section 4.) `weights` has one number for each of the
    scheduler's timesteps. Noise and timesteps (B,) are drawn, unless they are given.
    """
    noise = torch.randn_like(clean) if noise is None else noise
    if timesteps is None:
        count = scheduler.config.num_train_timesteps
        timesteps = torch.randint(count, (len(clean),), device=clean.device)
    targets = {
        "epsilon": lambda: noise,
        "sample": lambda: clean,
        "v_prediction": lambda: scheduler.get_velocity(clean, noise, timesteps),
    }
    target = targets[scheduler.config.prediction_type]()
    prediction = network(scheduler.add_noise(clean, noise, timesteps), timesteps)
    errors = (prediction.float() - target).square().flatten(1).mean(1)
    return errors.mean() if weights is None else (weights[timesteps] * errors).mean()


def adamw(parameters, lr):
    """AdamW as all trainings here use it; its fused form where there is one."""
    parameters = list(parameters)
    fused = parameters[0].device.type in ("cpu", "cuda")
    return torch.optim.AdamW(parameters, lr=lr, betas=(0.9, 0.99), weight_decay=0.01, fused=fused)


def optimise(loss, model, ema, optimizer, step, longest=0.999, share=lambda gradients: gradients):
    """One step of the optimiser, with gradients clipped to norm 1, and of the moving average.

    share(gradients) is called before, to average a list of gradients over processes.
    """
    loss.backward()
    parameters = [p for p in model.parameters() if p.grad is not None]
    share([p.grad for p in parameters])
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    update_ema(ema, model, step, longest)
