"""The world of one pixel: its best guess is what counting finds, and what notebook 01 writes out."""

import ast
from pathlib import Path

import nbformat
import pytest
import torch

from helpers.lesson import one_pixel
from helpers.lesson.one_pixel import average_noise, one_pixel_pictures

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "01_noise_schedules.ipynb"


def test_three_in_ten_are_dark_and_the_variance_is_about_one():
    pixels = one_pixel_pictures(100_000, seed=0)
    assert (pixels < -0.4).float().mean() == pytest.approx(0.3, abs=0.005)
    assert pixels.var() == pytest.approx(1.09, abs=0.02) and abs(pixels.mean()) < 0.05
    assert torch.equal(pixels, one_pixel_pictures(100_000, seed=0))


@pytest.mark.parametrize("alpha_bar", [0.9, 0.5, 0.05])
def test_the_average_noise_is_what_counting_finds(alpha_bar):
    clean = one_pixel_pictures(1_000_000, seed=1)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(2))
    noised = alpha_bar**0.5 * clean + (1 - alpha_bar) ** 0.5 * noise
    for value in (-1.5, -0.3, 0.7):
        near = noise[(noised - value).abs() < 0.03]
        error = near.std() / len(near) ** 0.5
        counted, known = near.mean(), average_noise(torch.tensor(value), alpha_bar)
        assert abs(counted - known) < 4 * error + 0.01, value


def test_notebook_01_writes_out_the_same():
    source = "\n".join(
        cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"
    )
    names = {"one_pixel_pictures", "average_noise"}
    wanted = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name in names]
    assert {function.name for function in wanted} == names
    alphas_cumprod = torch.linspace(0.99, 0.01, 50)
    world = dict(
        torch=torch,
        alphas_cumprod=alphas_cumprod,
        centres=one_pixel.CENTRES,
        widths=one_pixel.WIDTHS,
        weights=one_pixel.WEIGHTS,
    )
    exec(compile(ast.Module(wanted, []), "notebook 01", "exec"), world)
    assert torch.equal(world["one_pixel_pictures"](1000, 3), one_pixel_pictures(1000, 3))
    x = torch.linspace(-3, 3, 101)
    for t in (0, 20, 49):
        torch.testing.assert_close(world["average_noise"](x, t), average_noise(x, alphas_cumprod[t]))
    assert "torch.tensor([-1.5, 0.7]), torch.tensor([0.2, 0.3]), torch.tensor([0.3, 0.7])" in source
