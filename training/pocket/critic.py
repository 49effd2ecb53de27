"""A critic of patches: it learns to tell drawn pictures from rebuilt ones, and so what makes an edge sharp.

An error of the mean is smallest when every doubtful edge is blurred. A second network that knows sharp edges
from soft ones asks for sharp ones: Isola et al. 2017 (1611.07004), section 3.2, for autoencoders Esser et al.
2021 (2012.09841), section 3.1, and Rombach et al. 2022 (2112.10752), appendix G.
"""

import torch
from torch import nn
from torch.nn.functional import leaky_relu
from torch.nn.utils.parametrizations import spectral_norm


class Critic(nn.Module):
    """(B, 3, H, W), -1 to 1 -> its layers' features, the last of which are (B, 1, H / 8, W / 8) marks."""

    def __init__(self, width=32):
        super().__init__()
        sizes = ((3, width), (width, 2 * width), (2 * width, 2 * width))
        convolutions = [nn.Conv2d(*each, 4, stride=2, padding=1) for each in sizes]
        convolutions.append(nn.Conv2d(2 * width, 1, 3, padding=1))
        self.layers = nn.ModuleList(map(spectral_norm, convolutions))

    def forward(self, pictures):
        features = [pictures]
        for layer in self.layers:
            features.append(layer(features[-1] if len(features) == 1 else leaky_relu(features[-1], 0.2)))
        return features[1:]


def mistakes(critic, drawn, rebuilt):
    """What the critic learns by: the hinge loss of its marks, which want to be above 1 and below -1."""
    real, made = critic(drawn)[-1], critic(rebuilt.detach())[-1]
    return (1 - real).relu().mean() + (1 + made).relu().mean()


def displeasure(critic, drawn, rebuilt):
    """What the decoder learns by: low marks, and features that differ from those of the drawn pictures."""
    with torch.no_grad():
        wanted = critic(drawn)
    found = critic(rebuilt)
    apart = [(one - other).abs().mean() / other.abs().mean() for one, other in zip(found[:-1], wanted[:-1])]
    return sum(apart) - found[-1].mean()


def told_apart(critic, drawn, rebuilt):
    """The share of pictures that get a better mark as drawn than as rebuilt: 0.5 where it sees no difference.

    Marks differ more from picture to picture than for being rebuilt, so a picture is compared with itself.
    """
    critic.eval()  # its norms stay as they are: one process of several asks this
    with torch.no_grad():
        real, made = (critic(pictures)[-1].mean((1, 2, 3)) for pictures in (drawn, rebuilt))
    critic.train()
    return (real > made).float().mean().item()


def joined(rebuilt, loss, other, share):
    """(the first loss, the gradient for `rebuilt` of both): the second loss's is made `share` times as long.

    (Esser et al. compare the gradients of the decoder's last layer.)
    """
    seen = rebuilt.detach().float().requires_grad_()
    value = loss(seen)
    first, second = (torch.autograd.grad(each, seen)[0] for each in (value, other(seen)))
    return value.detach(), first + share * first.norm() / second.norm().clamp(min=1e-12) * second
