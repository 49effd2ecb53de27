"""Seeds: what starts from the same seed is the same."""

import pytest
import torch

from helpers.errors import InputError
from helpers.seeding import generator, initial_noise


def test_the_same_seed_gives_the_same_noise_and_another_seed_other_noise():
    first = initial_noise((4, 8, 8), [generator(7)])
    again = initial_noise((4, 8, 8), [generator(7)])
    other = initial_noise((4, 8, 8), [generator(8)])
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert (first != other).all()


def test_picture_i_of_a_batch_starts_from_the_noise_of_a_single_run():
    batch = initial_noise((4, 16, 16), [generator(seed) for seed in (3, 1, 2)])
    assert batch.shape == (3, 4, 16, 16)
    for i, seed in enumerate((3, 1, 2)):
        torch.testing.assert_close(batch[i], initial_noise((4, 16, 16), [generator(seed)])[0], rtol=0, atol=0)


def test_the_noise_is_what_the_pipeline_draws_from_the_same_generator():
    torch.testing.assert_close(
        initial_noise((4, 8, 8), [generator(5)]),
        torch.randn(1, 4, 8, 8, generator=generator(5)),
        rtol=0,
        atol=0,
    )


def test_a_coarser_number_format_is_the_same_noise_rounded():
    exact = initial_noise((4, 8, 8), [generator(5)])
    half = initial_noise((4, 8, 8), [generator(5)], dtype=torch.float16)
    torch.testing.assert_close(half, exact.half(), rtol=0, atol=0)


def test_the_noise_is_drawn_on_the_cpu_whatever_the_device():
    assert generator(0).device.type == "cpu"
    moved = initial_noise((4, 8, 8), [generator(0)], device="meta")
    assert moved.device.type == "meta" and moved.shape == (1, 4, 8, 8)


def test_drawing_noise_leaves_the_global_generator_alone():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    initial_noise((4, 8, 8), [generator(0)])
    torch.testing.assert_close(torch.rand(1), expected, rtol=0, atol=0)


@pytest.mark.parametrize("seed", [1.5, "0", None, -1, True, 2**63])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(InputError, match="A seed is a whole number from 0 up, below 2.*63, not .*: try 0."):
        generator(seed)


def test_one_generator_for_several_pictures_is_refused():
    with pytest.raises(InputError, match="One generator for each picture"):
        initial_noise((4, 8, 8), generator(0))
