"""Measures of generated pictures: intervals, distances between sets of features, memory, diversity."""

import numpy as np
from scipy import stats

from helpers.errors import check_whole


def wilson(successes, n):
    """The 95 % interval (low, high) of a rate, by Wilson's score (Wilson 1927, JASA 22).

    Unlike mean ± 1.96 standard errors it stays inside 0–1 and is right near the ends.
    Raises InputError unless both are whole numbers, 0 <= successes <= n and n > 0.
    """
    n = check_whole(n, "The number of trials")
    successes = check_whole(successes, "The number of successes", 0, n)
    interval = stats.binomtest(successes, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def bootstrap(values, statistic=np.mean, draws=1000, seed=0):
    """The 95 % percentile interval (low, high) of `statistic`, drawing rows of `values` with replacement.

    A row is what was drawn independently: for a mean over the attributes of a picture, a row is a picture.
    """
    values = np.asarray(values)
    found = stats.bootstrap(
        (np.arange(len(values)),),
        lambda rows: statistic(values[rows]),
        vectorized=False,
        n_resamples=draws,
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def rate(right):
    """{rate, low, high, n} of a 1-d array of right and wrong, with Wilson's interval; None if it is empty."""
    right = np.asarray(right, bool)
    if right.size == 0:
        return None
    low, high = wilson(int(right.sum()), right.size)
    return {"rate": float(right.mean()), "low": low, "high": high, "n": int(right.size)}


def pooled(rows):
    """The share of all that is right: rows hold how many are right, and of how many."""
    return float(rows[:, 0].sum() / rows[:, 1].sum())


def mean_rate(right, applies):
    """{rate, low, high, n} of all attributes that apply, with an interval by bootstrap over pictures.

    `right` and `applies` are (pictures, attributes) of bool. Attributes of one picture are right or wrong
    together, so that counting each as an independent trial would make the interval too narrow.
    """
    per_picture = np.stack([(right & applies).sum(1), applies.sum(1)], axis=1).astype(float)

    low, high = bootstrap(per_picture, pooled)
    return {"rate": pooled(per_picture), "low": low, "high": high, "n": len(right)}


def _square_root(matrix):
    """The symmetric square root of a positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


def frechet_distance(x, y):
    """Squared Fréchet distance of two sets of features (n, d), each taken as a Gaussian.

    |m_x - m_y|² + tr(C_x + C_y - 2 (C_x^½ C_y C_x^½)^½), as in equation 6 of Heusel et al. (1706.08500).
    The measure called FID is this one in the features of one particular Inception network. It is biased
    upwards by few pictures: compare only sets of the same sizes.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    cov_x, cov_y = np.atleast_2d(np.cov(x.T)), np.atleast_2d(np.cov(y.T))
    root = _square_root(cov_x)
    cross = np.linalg.eigvalsh(root @ cov_y @ root).clip(0)
    gap = np.square(x.mean(0) - y.mean(0)).sum()
    return float(gap + np.trace(cov_x) + np.trace(cov_y) - 2 * np.sqrt(cross).sum())


def kernel_distance(x, y):
    """Unbiased squared MMD of two sets of features (n, d), with the kernel (x·y/d + 1)³.

    The kernel distance of Binkowski et al. (1801.01401, section 4): 0 on average for two sets from the same
    distribution, whatever their sizes, and therefore sometimes slightly negative.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def within(a):
        k = kernel(a, a)
        return (k.sum() - np.trace(k)) / (len(a) * (len(a) - 1))

    return float(within(x) + within(y) - 2 * kernel(x, y).mean())


def nearest(x, bank, chunk=256):
    """(distances, indices): for each row of x (n, d), the nearest row of `bank` (m, d), Euclidean."""
    bank = np.asarray(bank, np.float64)
    squares, indices, distances = np.square(bank).sum(1), [], []
    for start in range(0, len(x), chunk):
        part = np.asarray(x[start : start + chunk], np.float64)
        index = (squares - 2 * part @ bank.T).argmin(1)
        indices.append(index)
        distances.append(np.linalg.norm(part - bank[index], axis=1))
    return np.concatenate(distances), np.concatenate(indices)


def memory_ratio(generated, held_out, training):
    """Median distance generated → training over held-out → training, in some features (n, d).

    About 1: generated pictures lie as far from the training pictures as new true ones do.
    Well below 1: they repeat training pictures. Well above: they lie outside the world.
    """
    return float(np.median(nearest(generated, training)[0]) / np.median(nearest(held_out, training)[0]))


def mean_distance(features):
    """Mean Euclidean distance between two pictures of one prompt; features (prompts, pictures, d)."""
    features = np.asarray(features, np.float64)
    gaps = np.linalg.norm(features[:, :, None] - features[:, None], axis=-1)
    pictures = features.shape[1]
    return float(gaps.sum() / (len(features) * pictures * (pictures - 1)))


def entropy(labels):
    """Entropy in bits of a 1-d array of labels (plug-in estimate)."""
    return float(stats.entropy(np.unique(np.asarray(labels), return_counts=True)[1], base=2))


def psnr(x, y):
    """Peak signal-to-noise ratio in dB of each pair of pictures, uint8 (n, height, width, 3) → (n,)."""
    error = np.square(np.asarray(x, np.float32) - np.asarray(y, np.float32)).mean((1, 2, 3))
    return 10 * np.log10(255.0**2 / np.maximum(error, 1e-3))
