"""A kind of planet that the pocket model never saw, for notebook 10 to teach it: the eyeball planet.

Ice all over, but for one open sea where the star stands in the zenith, for ever: such a planet always turns
the same face to its star (Pierrehumbert 2011, The Astrophysical Journal Letters 726, L8). It stands in the
same scenes as the five known kinds: with their sizes, rings, moons, backgrounds and styles.

    python -m training.new_kind             # a contact sheet of 24 pictures, out/new_kind.png
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from helpers.denoising import decode, encode_picture, to_pixels

from . import scenery, world

WORD = "eyeball"
KIND = f"{WORD} planet"
SEA, DEEP = 0.66, 0.3  # radii of the sea and of its dark middle, in radians seen from the planet's centre


def eyeball(normals, colour, rng, light):
    """The surface of an eyeball planet, as scenery.KINDS wants it: (128, 128, 3) for normals and a colour."""
    nx, ny, nz = normals
    centre = light + (0, 0, rng.uniform(0.9, 1.5))  # nearer to us than the star's zenith, to be seen whole
    centre /= np.linalg.norm(centre)
    away = np.arccos(np.clip(nx * centre[0] + ny * centre[1] + nz * centre[2], -1, 1))
    away = away + 0.05 * scenery.wrapped(scenery.noise(rng, 6), nx, ny)
    grain = np.clip(0.6 + 0.6 * scenery.wrapped(scenery.noise(rng, 3), nx, ny), 0, 1)
    surface = scenery.mix(scenery.rgb(214, 222, 232), scenery.rgb(252, 252, 255), grain)
    surface = scenery.mix(surface, 0.95 * colour, np.clip((SEA - away) * 14, 0, 1))
    shore = np.clip(1.5 - np.abs(away - SEA) * 20, 0, 1)
    return scenery.mix(surface, 0.16 * colour, np.maximum(0.7 * shore, np.clip((DEEP - away) * 14, 0, 1)))


scenery.KINDS[KIND] = eyeball, None  # among the painters, not among the kinds that training draws at random


def sample_scene(rng):
    """A random scene with an eyeball planet, all else as in training; sketches have no colour."""
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
    saw an eyeball planet. Distances are measured in units of how much the features vary within a kind
    (Fisher's linear discriminant). It learns from `count` drawn pictures of each kind, sent through the VAE,
    as generated pictures are. `accuracy`, `found` and `false_alarms` say how it does on half as many others:
    the share of right kinds, of eyeball planets found, and of other planets taken for one.
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
        seen, new = self._nearest(features), len(self.kinds) - 1
        self.accuracy = (seen == labels).float().mean().item()
        self.found = (seen == new)[labels == new].float().mean().item()
        self.false_alarms = (seen == new)[labels != new].float().mean().item()

    def look(self, pictures):
        """The kind of planet in each of some PIL pictures, as a list of names."""
        return [self.kinds[k] for k in self._nearest(self._features(pictures)).tolist()]

    def share(self, pictures):
        """The share of the pictures, 0 to 1, in which it sees an eyeball planet."""
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
