"""Muon: orthogonal steps for matrices and convolutions, AdamW's for the rest."""

import torch

from training.muon import Muon, orthogonal


def test_an_orthogonal_matrix_stretches_nothing_much():
    for shape in ((6, 30), (30, 6), (16, 16)):
        found = torch.linalg.svdvals(
            orthogonal(torch.randn(shape, generator=torch.Generator().manual_seed(0)))
        )
        assert found.min() > 0.3 and found.max() < 1.3


def test_vectors_move_as_adamw_moves_them():
    mine, theirs = (torch.nn.Parameter(torch.ones(5)) for _ in range(2))
    muon = Muon([mine], lr=0.02, adam_ratio=0.05)
    adam = torch.optim.Adam([theirs], lr=0.001, betas=(0.9, 0.99))
    for step in range(5):
        for weight, optimizer in ((mine, muon), (theirs, adam)):
            weight.grad = torch.arange(5.0) - step
            optimizer.step()
    torch.testing.assert_close(mine, theirs)


def test_matrices_move_as_pytorchs_own_muon_moves_them():
    start = torch.randn(8, 20, generator=torch.Generator().manual_seed(1))
    mine, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    optimizers = (
        Muon([mine], lr=0.02, weight_decay=0.1),
        torch.optim.Muon([theirs], lr=0.02, weight_decay=0.1),
    )
    for step in range(3):
        gradient = torch.randn(8, 20, generator=torch.Generator().manual_seed(step))
        for weight, optimizer in zip((mine, theirs), optimizers):
            weight.grad = gradient.clone()
            optimizer.step()
    torch.testing.assert_close(mine, theirs, atol=2e-3, rtol=0)  # PyTorch's works in bfloat16


def test_a_convolution_counts_as_one_matrix():
    weight = torch.nn.Parameter(torch.zeros(4, 3, 3, 3))
    weight.grad = torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    Muon([weight], lr=1.0, weight_decay=0).step()
    found = torch.linalg.svdvals(weight.detach().flatten(1))
    assert found.min() > 0.3 and found.max() < 1.3


def test_a_stopped_training_goes_on_with_the_same_moments():
    weights = [torch.nn.Parameter(torch.ones(4, 4)), torch.nn.Parameter(torch.ones(4))]
    optimizer = Muon(weights)
    for weight in weights:
        weight.grad = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
    optimizer.step()
    again = Muon(weights)
    again.load_state_dict(optimizer.state_dict())
    assert torch.equal(again.state[weights[0]]["momentum"], optimizer.state[weights[0]]["momentum"])
    assert again.state[weights[1]]["step"] == 1
