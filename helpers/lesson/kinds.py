"""Which kind of planet is it, the new one among them? For notebook 10, which teaches the model a kind."""

import numpy as np
import torch
from PIL import Image

from helpers.denoising import decode, encode_picture, to_pixels
from worlds import eyeball, planets, seeds


class KindFinder:
    """Tells which of six kinds a planet is, the new one among them: the kind whose mean feature is nearest.

    The features are what the judge's three upper levels see, on average, in its spread and at most; it never
    saw an eyeball planet. Distances are measured in units of how much the features vary within a kind
    (Fisher's linear discriminant). It learns from `count` drawn pictures of each kind, sent through the VAE,
    as generated pictures are. `accuracy`, `found` and `false_alarms` say how it does on half as many others:
    the share of right kinds, of eyeball planets found, and of other planets taken for one.
    """

    SHRINKAGE = 0.1  # added to the variances of the standardised features: few pictures estimate them badly

    def __init__(self, judge, vae, count):
        self.judge, self.vae, self.kinds = judge, vae, [*planets.ATTRIBUTES["kind"], eyeball.KIND]
        features, labels = self._examples(seeds.KINDS, count)
        self.mean, self.std = features.mean(0), features.std(0) + 1e-4
        features = (features - self.mean) / self.std
        means = torch.stack([features[labels == k].mean(0) for k in range(len(self.kinds))])
        within = features - means[labels]
        covariance = within.T @ within / len(within) + self.SHRINKAGE * torch.eye(within.shape[1])
        self.scale = torch.linalg.cholesky(torch.linalg.inv(covariance))
        self.centres = means @ self.scale
        features, labels = self._examples(seeds.KINDS_TESTS, max(1, count // 2))
        seen, new = self._nearest(features), len(self.kinds) - 1
        self.accuracy = (seen == labels).float().mean().item()
        self.found = (seen == new)[labels == new].float().mean().item()
        self.false_alarms = (seen == new)[labels != new].float().mean().item()

    def look(self, pictures):
        """The kind of planet in each of some PIL pictures, as a list of names."""
        return [self.kinds[k] for k in self._nearest(self._features(pictures)).tolist()]

    def share(self, pictures):
        """The share of the pictures, 0 to 1, in which it sees an eyeball planet."""
        return sum(kind == eyeball.KIND for kind in self.look(pictures)) / len(pictures)

    @torch.no_grad()
    def _features(self, pictures):
        fitting = [picture.resize((self.judge.side, self.judge.side)) for picture in pictures]
        found = []
        for start in range(0, len(fitting), 60):
            maps = to_pixels(fitting[start : start + 60])
            for number, level in enumerate(self.judge.levels):
                maps = level(maps)
                if number:
                    found += [maps.mean((2, 3)), maps.std((2, 3)), maps.amax((2, 3))]
        width = 3 * (len(self.judge.levels) - 1)
        return torch.cat([torch.cat(found[i : i + width], dim=1) for i in range(0, len(found), width)])

    def _nearest(self, features):
        return torch.cdist((features - self.mean) / self.std @ self.scale, self.centres).argmin(1)

    def _examples(self, among, count):
        """(features, labels) of `count` planets of each kind, from a range of seeds."""
        labels = torch.arange(count * len(self.kinds)) % len(self.kinds)
        pictures = [_of_kind(self.kinds[k], among[i]) for i, k in enumerate(labels.tolist())]
        latents = [encode_picture(self.vae, pictures[i : i + 10]) for i in range(0, len(pictures), 10)]
        return self._features([picture for each in latents for picture in decode(self.vae, each)]), labels


def _of_kind(kind, seed):
    rng = np.random.default_rng(seed)
    scene = eyeball.sample_scene(rng) | {"kind": kind}
    if kind not in ("rocky planet", "gas giant", eyeball.KIND):
        scene.pop("colour", None)  # these have colours of their own
    return Image.fromarray(planets.render(scene, rng))
