"""The critic of patches: it learns to tell soft edges from sharp ones, and counts for its share."""

import pytest
import torch
import torch.nn.functional as F

from training.pocket.critic import Critic, displeasure, joined, mistakes, told_apart


def squares(count, seed):
    """Sharp squares on black, (count, 3, 32, 32), and the same blurred."""
    random, pictures = torch.Generator().manual_seed(seed), torch.full((count, 3, 32, 32), -1.0)
    for picture, (x, y) in zip(pictures, torch.randint(2, 16, (count, 2), generator=random), strict=True):
        picture[:, y : y + 12, x : x + 12] = 1
    return pictures, F.avg_pool2d(pictures, 5, 1, 2, count_include_pad=False)


def test_it_learns_to_tell_soft_pictures_from_sharp_ones_and_is_displeased_by_the_soft():
    torch.manual_seed(0)
    critic = Critic(width=8)
    optimizer = torch.optim.AdamW(critic.parameters(), 3e-3)
    sharp, soft = squares(32, seed=0)
    for _ in range(60):
        optimizer.zero_grad()
        mistakes(critic, sharp, soft).backward()
        optimizer.step()
    sharp, soft = squares(32, seed=1)
    assert mistakes(critic, sharp, soft) < 0.5  # 2 without knowing anything
    assert displeasure(critic, sharp, soft) > displeasure(critic, sharp, sharp) + 1
    assert told_apart(critic, sharp, soft) > 0.9 > 0.1 > told_apart(critic, soft, sharp)


@pytest.mark.parametrize("share", (0.0, 0.5))
def test_the_second_loss_counts_for_its_share_whatever_its_size(share):
    def first(x):
        return x[0] * 3

    def second(x):
        return x[1] * 1e6

    value, direction = joined(torch.ones(2), first, second, share)
    assert value == 3 and torch.allclose(direction, torch.tensor([3.0, 3.0 * share]))
