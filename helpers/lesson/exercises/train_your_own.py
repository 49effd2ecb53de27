"""Grades the exercises in notebook 10, Train your own."""

import torch

from helpers.lesson.grading import close, factors, grade, number, tensor, whole_number


def grade_noise_from_velocity(answer, noise, clean, signal, spread):
    """`answer`: the noise (B, C, h, w), computed from velocity and the noisy latents x_t.

    `signal` and `spread` are the factors of the clean latents and of the noise in x_t, (B, 1, 1, 1).
    """
    x_t, velocity = signal * clean + spread * noise, signal * noise - spread * clean
    grade(
        answer,
        right=noise,
        hints=[
            (clean, "That is the picture: the noise is what lies beside it."),
            (signal * velocity - spread * x_t, "A sign is wrong: both parts are added."),
            (spread * x_t - signal * velocity, "A sign is wrong: both parts are added."),
            (signal * x_t - velocity, "Nearly a picture: solve both definitions for the noise."),
            (
                spread * velocity + signal * x_t,
                "The factors are exchanged: without any noise in x_t, velocity alone is the noise.",
            ),
            (velocity, "That is velocity itself: it holds some of the picture, with a minus."),
            (x_t, "That is the mixture itself: the picture has to go out of it."),
            ((x_t - signal * clean), "That is the noise as it was mixed in: its factor has to be undone."),
            (velocity + x_t, "Both are in it, but each needs a factor: which ones let the picture cancel?"),
            (
                lambda a: abs(factors(a[0], clean[0], noise[0])[0]) > 0.01,
                "Some of the picture is left: with which factors do its two parts cancel?",
            ),
        ],
        otherwise="Write down both definitions and get rid of the picture: by what must each be multiplied?",
    )


def grade_same_loss(answer, alphas_cumprod):
    """`answer`: weights (timesteps,) that make the squared error of the picture that of the noise."""
    snr = alphas_cumprod / (1 - alphas_cumprod)

    def near(wanted):
        return lambda a: close(a, wanted, rtol=1e-3)

    grade(
        answer,
        right=near(snr),
        hints=[
            (near(1 / snr), "Upside down: that turns the noise's error into the picture's."),
            (near(snr**0.5), "That is for the error itself: the loss squares it."),
            (near(snr.clamp(max=5)), "That is cut off at 5: the simple loss is not."),
            (near(alphas_cumprod), "That is the signal's share alone: what of the noise's?"),
            (
                near(1 - alphas_cumprod),
                "That is the noise's share alone: how does the signal's compare with it?",
            ),
            (
                near(alphas_cumprod**0.5),
                "That is the picture's factor: errors are squared, and the noise has a factor, too.",
            ),
            (near(snr.clamp(max=1)), "That is cut off at 1: the simple loss is not."),
            (near(1 / alphas_cumprod), "Upside down, and the noise's share is missing."),
            (
                near(torch.ones_like(snr)),
                "That leaves the picture's error as it is: how large an error of the noise goes with it?",
            ),
        ],
        wants=tensor(snr.shape, advice=", with one number for each timestep"),
        otherwise="x_t is known: if the picture is wrong by 1, by how much is the noise wrong?",
    )


def grade_memory_of_average(answer, decay, steps):
    """`answer`: the share, 0 to 1, of the last `steps` steps in an average with this decay."""

    def near(wanted):
        return lambda a: abs(a - wanted) < 0.005

    grade(
        answer,
        right=near(1 - decay**steps),
        hints=[
            (near(decay**steps), "That is what is left of everything before them."),
            (near(1 - decay), "That is the share of the last step alone."),
            (near(steps * (1 - decay)), "Each older step counts a little less than the one after it."),
            (lambda a: not 0 <= a <= 1, "A share lies between 0 and 1."),
            (near(decay), "That is what one step leaves of the older ones: how much do all the steps leave?"),
            (near((1 - decay) * decay**steps), "That is the share of one single old step."),
        ],
        wants=number(),
        otherwise=f"What part of the value from {steps} steps ago is left, and what has taken the rest?",
    )


def grade_adapter_size(answer, layers, r):
    """`answer`: the number of weights of rank-`r` adapters for these linear layers."""
    ins, outs = sum(layer.in_features for layer in layers), sum(layer.out_features for layer in layers)
    full = sum(layer.in_features * layer.out_features for layer in layers)

    grade(
        answer,
        right=r * (ins + outs),
        hints=[
            (r * ins, "Those are the matrices A: the matrices B come on top."),
            (r * outs, "Those are the matrices B: the matrices A come on top."),
            (ins + outs, f"That is rank 1: here each matrix has {r} rows or columns."),
            (full, "Those are the layers' own weights: the two matrices of an adapter are thin."),
            (
                lambda a: a in (r * full, r * ins * outs),
                "The two thin matrices stand side by side: their sizes are added.",
            ),
            (2 * r * ins, "That is right for square layers; some of these go from one width to another."),
            (2 * r * outs, "That is right for square layers; some of these go from one width to another."),
            (
                lambda a: a in {r * (layer.in_features + layer.out_features) for layer in layers},
                "That is one layer: add up all of them.",
            ),
            (
                sum(weight.numel() for layer in layers for weight in layer.parameters()),
                "Those are the layers' own weights and biases: the two matrices of an adapter are thin.",
            ),
        ],
        wants=whole_number(),
        otherwise="Begin with one layer: which shapes have its two thin matrices?",
    )
