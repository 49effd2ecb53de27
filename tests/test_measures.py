"""The measures of the evaluation against values known from elsewhere."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from helpers.errors import InputError
from helpers.lesson import measured, metrics
from measure import arguments, negative_prompts


def test_a_smoke_run_leaves_what_texts_read_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "ROOT", tmp_path)
    monkeypatch.setattr(measured, "FOLDER", tmp_path / "docs")
    measured.save_measured("clip", {"rate": 0.98765}, quick=True)
    assert not measured.FOLDER.exists()
    assert json.loads((measured.workplace("clip") / "quick.json").read_text()) == {"rate": 0.988}
    measured.save_measured("clip", {"rate": 0.98765})
    assert measured.load_measured("clip") == {"rate": 0.988}


def test_a_part_that_a_script_does_not_have_is_refused_with_those_that_it_has(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["measure.spaces", "pixel"])
    with pytest.raises(SystemExit):
        arguments("What it measures.", parts=("pixels", "latents"))
    assert "unknown: pixel. Choose from: pixels; latents" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["measure.guidance", "--quick"])
    assert arguments("What it measures.", "4 prompts").quick


def test_what_the_judge_saw_is_asked_once_and_a_second_run_goes_on_from_there(tmp_path, monkeypatch):
    monkeypatch.setattr(negative_prompts, "WORK", tmp_path)
    painted = []

    def run(*asked, weights="these"):
        painter = object.__new__(negative_prompts.Painter)  # without models
        painter.known, painter.guidance, painter.made_from = {}, 3.0, weights
        painter.judge = SimpleNamespace(look=lambda pictures: [{"figure": str(each)} for each in pictures])
        painter._paint = lambda seeds, *key: painted.extend(seeds) or list(seeds)
        painted.clear()
        return [len(painter.seen(*each)) for each in asked], len(painted)

    asked = [("a planet", "rings", 40), ("a planet", "rings", 8), ("a planet", "moons", 8)]
    assert run(*asked) == ([40, 8, 8], 48)
    assert run(*asked) == ([40, 8, 8], 0)
    assert run(*asked, ("a planet", "rings", 8, 5.0)) == ([40, 8, 8, 8], 8)
    assert run(*asked, weights="others") == ([40, 8, 8], 48)


def test_pictures_that_lost_and_that_gained_it_are_counted_seed_by_seed():
    red, blue, sketch = (
        {"view": "space", "style": "plain", "kind": "gas giant", "colour": c} for c in ("red", "blue", "red")
    )
    sketch["style"] = "sketch"  # a sketch has no colour, whatever the judge says of it
    before, after = [red, red, red, blue, sketch], [red, blue, sketch, red, blue]
    assert negative_prompts.changed(before, after, "colour", ("red",)) == {"lost": 2, "gained": 1}


def test_wilson_gives_published_intervals():
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3
    assert metrics.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert metrics.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert metrics.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert metrics.wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)
    assert metrics.wilson(10, 10)[1] == pytest.approx(1.0)


@pytest.mark.parametrize("successes, n", [(1, 0), (3, 2), (-1, 5), (None, 5), (1.5, 5), (1, "5")])
def test_wilson_refuses_what_is_no_rate(successes, n):
    with pytest.raises(InputError, match="The number of (trials|successes) must be a whole number from"):
        metrics.wilson(successes, n)


def test_wilson_takes_numbers_of_every_type():
    for successes, n in ((3.0, np.int64(20)), (np.float32(3), torch.tensor(20))):
        assert metrics.wilson(successes, n) == metrics.wilson(3, 20)


def test_bootstrap_of_a_mean_agrees_with_the_normal_interval():
    values = np.random.default_rng(0).normal(5, 2, 1000)
    low, high = metrics.bootstrap(values)
    half = 1.96 * values.std() / np.sqrt(1000)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_mean_rate_counts_only_what_applies_and_widens_for_pictures_wrong_as_a_whole():
    rng = np.random.default_rng(0)
    applies = np.ones((400, 6), bool)
    applies[:, 5] = False
    alone = rng.random((400, 6)) < 0.8
    together = np.repeat(rng.random((400, 1)) < 0.8, 6, axis=1)
    assert metrics.mean_rate(alone, applies)["rate"] == pytest.approx(alone[:, :5].mean())
    rates = [metrics.mean_rate(right, applies) for right in (alone, together)]
    narrow, wide = (rate["high"] - rate["low"] for rate in rates)
    assert wide > 1.8 * narrow  # √5 times wider in the long run


def test_frechet_distance_of_equal_sets_is_zero():
    x = np.random.default_rng(0).normal(size=(300, 8))
    assert metrics.frechet_distance(x, x[::-1]) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_of_gaussians_with_a_closed_form():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(400, 3))
    # Exactly white: mean 0, covariance 1.
    white = (noise - noise.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(noise.T)).T)
    scale, shift = np.array([2.0, 0.5, 3.0]), np.array([1.0, -2.0, 0.0])
    expected = np.square(shift).sum() + np.square(scale - 1).sum()
    assert metrics.frechet_distance(white, white * scale + shift) == pytest.approx(expected)
    # Two covariances that do not commute: 2 x 2 matrices have tr √M = √(tr M + 2 √det M).
    a, b = np.array([[2.0, 0.6], [0.6, 1.0]]), np.array([[1.0, -0.3], [-0.3, 3.0]])
    white = white[:, :2]
    white = (white - white.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(white.T)).T)
    x, y = white @ np.linalg.cholesky(a).T, white @ np.linalg.cholesky(b).T
    product = a @ b
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    assert metrics.frechet_distance(x, y) == pytest.approx(np.trace(a) + np.trace(b) - 2 * root)


def test_kernel_distance_is_unbiased_and_sees_a_shift():
    rng = np.random.default_rng(0)
    same = [metrics.kernel_distance(rng.normal(size=(40, 4)), rng.normal(size=(60, 4))) for _ in range(400)]
    assert abs(np.mean(same)) < 4 * np.std(same) / np.sqrt(400)
    assert min(same) < 0  # unbiased, so below zero at times
    moved = metrics.kernel_distance(rng.normal(size=(200, 4)), rng.normal(size=(200, 4)) + 1)
    assert moved > 5 * np.std(same)


def test_kernel_distance_against_sums_written_out():
    x, y = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 1.0], [2.0, 0.0]])
    within_x, within_y = 1.0, 2.0**3  # x1·x2 = 0, y1·y2 = 2
    between = (1.5**3 + 2.0**3 + 2.0**3 + 1.0) / 4  # products 1, 2, 2, 0
    assert metrics.kernel_distance(x, y) == pytest.approx(within_x + within_y - 2 * between)


def test_nearest_finds_what_a_loop_finds():
    rng = np.random.default_rng(0)
    x, bank = rng.normal(size=(30, 5)), rng.normal(size=(70, 5))
    gaps = np.linalg.norm(x[:, None] - bank, axis=-1)
    distances, indices = metrics.nearest(x, bank, chunk=7)
    assert (indices == gaps.argmin(1)).all()
    assert distances == pytest.approx(gaps.min(1))


def test_memory_ratio_is_one_for_new_pictures_and_small_for_copies():
    rng = np.random.default_rng(0)
    training, held_out, new = rng.normal(size=(2000, 4)), rng.normal(size=(500, 4)), rng.normal(size=(500, 4))
    assert metrics.memory_ratio(new, held_out, training) == pytest.approx(1, abs=0.1)
    assert metrics.memory_ratio(training[:500] + 1e-3, held_out, training) < 0.05


def test_mean_distance_within_a_prompt():
    triangle = np.array([[[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]]])
    assert metrics.mean_distance(triangle) == pytest.approx((3 + 4 + 5) / 3)
    assert metrics.mean_distance(np.zeros((2, 4, 3))) == 0


def test_entropy_in_bits():
    assert metrics.entropy(["a", "b", "c", "d"]) == pytest.approx(2)
    assert metrics.entropy([3, 3, 3]) == 0


def test_psnr_of_a_known_error():
    x = np.full((2, 8, 8, 3), 100, np.uint8)
    assert metrics.psnr(x, x + 10) == pytest.approx([20 * np.log10(25.5)] * 2, rel=1e-5)
