"""What a viewer sees is measured: round and dented planets, moons that can be counted, sharpness by size."""

import numpy as np
import pytest

from training.evaluation import eyes
from worlds import planets
from worlds.paintbox import grid, look_up


def paint(scene, seed):
    return planets.paint(scene, np.random.default_rng(seed))


def dented(picture, disc, rng):
    """The picture with the outline of this disc bent, by 2.5 to 7 % of its radius (standard deviation)."""
    _, x, y, radius = disc
    X, Y = grid(1)
    away, angle = np.hypot(X - x, Y - y), np.arctan2(Y - y, X - x)
    waves = sum(rng.normal() * np.cos(k * angle + rng.uniform(0, 6.3)) / k**0.5 for k in range(2, 7))
    near = np.clip((1.7 * radius - away) / (0.5 * radius), 0, 1)
    pull = 1 / np.clip(1 + waves / waves.std() * rng.uniform(0.025, 0.07) * near, 0.6, 1.6)
    where = (y + (Y - y) * pull) / 64 - 1, (x + (X - x) * pull) / 64 - 1
    bent = [look_up(picture[..., channel].astype(np.float32), *where) for channel in range(3)]
    return np.stack(bent, axis=-1).round().astype(np.uint8)


def test_drawn_planets_are_round_and_dented_ones_are_not():
    for i, scene in enumerate(eyes.sketched_giants(6)):
        picture, discs = paint(scene, i)
        assert eyes.roundness(picture) < 0.015
        assert eyes.roundness(dented(picture, discs[0], np.random.default_rng(i))) > 0.02
    assert eyes.roundness(np.full((128, 128, 3), 250, np.uint8)) is None


def test_the_outline_is_where_the_planet_ends():
    picture, ((_, _, _, radius),) = paint(eyes.sketched_giants(2)[1], 0)
    assert eyes.outline(picture).mean() == pytest.approx(radius, abs=1.5)


def test_moons_are_counted_and_stars_and_storms_are_not():
    for i, scene in enumerate(eyes.red_giants(24)):
        assert eyes.count_moons(paint(scene, i)[0]) == i % 4


def test_sharpness_is_measured_inside_the_discs_of_the_asked_size():
    picture, discs = paint(eyes.red_giants(2)[1], 0)
    moon = next(disc for disc in discs if disc[0] == "moon")
    spoilt = picture.copy()
    spoilt[int(moon[2]), int(moon[1])] ^= 255
    inside = [
        eyes.psnr_in_discs(picture[None], each[None], [discs], *eyes.SIZES["moons"])
        for each in (spoilt, picture + 0)
    ]
    assert 10 < inside[0] < 60 < inside[1]
    assert eyes.psnr_in_discs(picture[None], spoilt[None], [discs], *eyes.SIZES["giant planets"]) is None


def test_a_blur_takes_power_from_the_high_frequencies_alone():
    pictures = np.stack([paint(scene, 1)[0] for scene in eyes.red_giants(4)])
    soft = (pictures.astype(float) + np.roll(pictures, 1, 1) + np.roll(pictures, 1, 2)) / 3
    ratio = eyes.spectrum(soft) / eyes.spectrum(pictures)
    assert ratio[2] > 0.95 and ratio[50] < 0.7
