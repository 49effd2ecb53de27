"""A world of pictures with one pixel, in which the best guess of the noise is known exactly.

Notebook 01 writes both functions out, and tests hold the two together; later notebooks import them from here.
Three in ten pixels are dark, around -1.5, the others bright, around 0.7: a mixture of two bell curves with a
mean of about 0 and a variance of about 1.
"""

import torch

from helpers.errors import InputError, check_number, check_tensor, check_whole, shown
from helpers.seeding import generator

CENTRES, WIDTHS, WEIGHTS = torch.tensor([-1.5, 0.7]), torch.tensor([0.2, 0.3]), torch.tensor([0.3, 0.7])
MOST = 10_000_000  # pictures at once


def one_pixel_pictures(count, seed):
    """`count` pictures of one pixel, as a tensor of shape (count,); the same seed gives the same ones."""
    count, random = check_whole(count, "The number of pictures", most=MOST), generator(seed)
    group = torch.multinomial(WEIGHTS, count, replacement=True, generator=random)
    return CENTRES[group] + WIDTHS[group] * torch.randn(count, generator=random)


def average_noise(x, alpha_bar):
    """The average noise of all pixels that have the values `x`, of any shape, when `alpha_bar` is left.

    `alpha_bar` lies between 0 and 1, both excluded. For each bell the average is that of two numbers that are
    jointly normal; Bayes' rule says how likely each bell is. The result is -sqrt(1 - alpha_bar) times the
    score of the noised density; Dhariwal & Nichol 2021 (2105.05233), eq. 11.
    """
    check_tensor(x, "The pixels", "...")
    share = check_number(alpha_bar, "What is left of the picture, alpha_bar,", above=0)
    if share >= 1:
        raise InputError(f"What is left of the picture, alpha_bar, must be below 1, not {shown(alpha_bar)}.")
    alpha_bar = alpha_bar if hasattr(alpha_bar, "item") else share
    distances = x[..., None] - alpha_bar**0.5 * CENTRES
    variances = alpha_bar * WIDTHS**2 + 1 - alpha_bar
    heights = WEIGHTS * torch.exp(-(distances**2) / (2 * variances)) / variances**0.5
    probabilities = heights / heights.sum(-1, keepdim=True)
    return (1 - alpha_bar) ** 0.5 * (probabilities * distances / variances).sum(-1)
