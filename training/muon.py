"""Muon: matrices of weights move by orthogonal steps, which on this U-Net saves a third of the pictures.

Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"
(https://kellerjordan.github.io/posts/muon/). PyTorch's own Muon takes matrices only; here a convolution's
weights, (out, in, 3, 3), count as one, (out, in * 9), and all that is no matrix is left to AdamW.
"""

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the fifth-order Newton-Schulz iteration


def orthogonal(matrix, steps=5, dtype=torch.float32):
    """The nearest orthogonal matrix, about: all singular values come to lie between 0.7 and 1.2.

    bfloat16 is exact enough for it (Jordan et al. 2024), and faster on machines that have it.
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).to(dtype)
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Muon for weights of two and more axes, AdamW for the rest, in one optimiser.

    `lr` is Muon's; AdamW's is `lr * adam_ratio`, so that one schedule drives both. Weights decay by
    `lr * weight_decay` a step. Steps are made orthogonal in `dtype`.
    """

    def __init__(
        self,
        parameters,
        lr=0.02,
        momentum=0.95,
        weight_decay=0.01,
        adam_ratio=0.05,
        betas=(0.9, 0.99),
        dtype=torch.float32,
    ):
        defaults = dict(
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            adam_ratio=adam_ratio,
            betas=betas,
            dtype=dtype,
        )
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    (self._matrix if weight.ndim > 1 else self._vector)(weight, group)

    def _matrix(self, weight, group):
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
        ahead = weight.grad.lerp(state["momentum"], group["momentum"])  # Nesterov's
        update = orthogonal(ahead.flatten(1), dtype=group["dtype"]).view_as(weight)
        rows, columns = weight.flatten(1).shape
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.sub_(update, alpha=group["lr"] * max(1, rows / columns) ** 0.5)

    def _vector(self, weight, group):
        state, (first, second) = self.state[weight], group["betas"]
        if not state:
            state["step"] = 0
            state["mean"], state["square"] = torch.zeros_like(weight), torch.zeros_like(weight)
        state["step"] += 1
        state["mean"].lerp_(weight.grad, 1 - first)
        state["square"].lerp_(weight.grad.square(), 1 - second)
        mean = state["mean"] / (1 - first ** state["step"])
        square = state["square"] / (1 - second ** state["step"])
        weight.sub_(mean / (square.sqrt() + 1e-8), alpha=group["lr"] * group["adam_ratio"])
