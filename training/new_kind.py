"""A kind of planet that the pocket model never saw, for notebook 10 to teach it: the candy planet.

White and one other colour, wound around a pole like the stripes of a lollipop. It stands in the same scenes
as the five known kinds: with their sizes, rings, moons, backgrounds and styles.

    python -m training.new_kind             # a contact sheet of 24 pictures, out/new_kind.png
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from helpers.denoising import decode, encode_picture, to_pixels

from . import scenery, world

WORD = "candy"
KIND = f"{WORD} planet"
ARMS, TURNS = 2, 2.4  # stripes of each colour around the pole; radians by which one winds on its way


def candy(normals, colour, rng, light):
    """The surface of a candy planet, as scenery.KINDS wants it: (128, 128, 3) for normals and a colour."""
    nx, ny, nz = normals
    pole = np.array([*rng.uniform(-0.2, 0.2, 2), 1.0])
    pole /= np.linalg.norm(pole)
    away = np.arccos(np.clip(nx * pole[0] + ny * pole[1] + nz * pole[2], -1, 1))
    around = np.arctan2(ny - pole[1] * nz, nx - pole[0] * nz)
    stripes = np.sin(ARMS * (around + TURNS / 2 * away) + rng.uniform(-0.5, 0.5))
    return scenery.mix(0.9 * colour, np.array([1.0, 0.98, 0.95]), np.clip(0.5 + 2 * stripes, 0, 1))


scenery.KINDS[KIND] = candy, None  # among the painters, not among the kinds that training draws at random


def sample_scene(rng):
    """A random scene with a candy planet, every other attribute as in training; sketches have no colour."""
    scene = world.sample_scene(rng)
    while scene["view"] != "space" or scene["kind"] != "gas giant":
        scene = world.sample_scene(rng)
    return scene | {"kind": KIND}


def caption(scene, rng, detail="any"):
    """The scene in words, in as many wordings as training's, but always with the new word."""
    while WORD not in (words := world.caption(scene, rng, detail)):
        pass
    return words


def draw(seed):
    """(picture, caption, scene) of a seed, the picture as a PIL image of 128 × 128 pixels."""
    rng = np.random.default_rng(seed)
    scene = sample_scene(rng)
    return Image.fromarray(world.render(scene, rng)), caption(scene, rng), scene


class KindFinder:
    """Tells which of six kinds a planet is, the new one among them: the kind whose mean feature is nearest.

    The features are what the judge's three upper levels see, on average, in its spread and at most; it never
    saw a candy planet. Distances are measured in units of how much the features vary within a kind (Fisher's
    linear discriminant). It learns from `count` drawn pictures of each kind, sent through the VAE, as
    generated pictures are. `accuracy`, `found` and `false_alarms` say how it does on half as many others: the
    share of right kinds, of candy planets found, and of other planets taken for one.
    """

    SHRINKAGE = 0.1  # added to the variances of the standardised features: few pictures estimate them badly

    def __init__(self, judge, vae, count):
        self.judge, self.vae, self.kinds = judge, vae, [*world.ATTRIBUTES["kind"], KIND]
        features, labels = self._examples(10**7, count)
        self.mean, self.std = features.mean(0), features.std(0) + 1e-4
        features = (features - self.mean) / self.std
        means = torch.stack([features[labels == k].mean(0) for k in range(len(self.kinds))])
        within = features - means[labels]
        covariance = within.T @ within / len(within) + self.SHRINKAGE * torch.eye(within.shape[1])
        self.scale = torch.linalg.cholesky(torch.linalg.inv(covariance))
        self.centres = means @ self.scale
        features, labels = self._examples(2 * 10**7, max(1, count // 2))
        seen, candy = self._nearest(features), len(self.kinds) - 1
        self.accuracy = (seen == labels).float().mean().item()
        self.found = (seen == candy)[labels == candy].float().mean().item()
        self.false_alarms = (seen == candy)[labels != candy].float().mean().item()

    def look(self, pictures):
        """The kind of planet in each of some PIL pictures, as a list of names."""
        return [self.kinds[k] for k in self._nearest(self._features(pictures)).tolist()]

    def share(self, pictures):
        """The share of the pictures, 0 to 1, in which it sees a candy planet."""
        return sum(kind == KIND for kind in self.look(pictures)) / len(pictures)

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

    def _examples(self, first, count):
        """(features, labels) of `count` planets of each kind, from the seeds `first`, `first` + 1, …"""
        labels = torch.arange(count * len(self.kinds)) % len(self.kinds)
        pictures = [_of_kind(self.kinds[k], first + i) for i, k in enumerate(labels.tolist())]
        latents = [encode_picture(self.vae, pictures[i : i + 10]) for i in range(0, len(pictures), 10)]
        return self._features([picture for each in latents for picture in decode(self.vae, each)]), labels


def _of_kind(kind, seed):
    rng = np.random.default_rng(seed)
    scene = sample_scene(rng) | {"kind": kind}
    if kind not in ("rocky planet", "gas giant", KIND):
        scene.pop("colour", None)  # these have colours of their own
    return Image.fromarray(world.render(scene, rng))


def main():
    parser = argparse.ArgumentParser(description="Paint a contact sheet of the new kind of planet.")
    parser.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--out", type=Path, default=Path("out/new_kind.png"))
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    pictures, captions, _ = zip(*(draw(seed) for seed in range(args.seed, args.seed + args.count)))
    world.captioned(pictures, captions, columns=8).save(args.out)
    print(f"{args.count} pictures in {args.out}")


if __name__ == "__main__":
    main()
