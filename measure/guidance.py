"""How much guidance is best, and what does too much of it do? Measured on the pocket model.

    python -m measure.guidance           # an hour and a half on one core
    python -m measure.guidance --quick   # a smoke run of a minute, into out/ only

The same prompts, each with two seeds, are painted in the model's own number of steps: with plain scales, with
guidance in a part of the steps only, and rescaled; by the model's own scheduler and, for some, by DDIM. Of
each set of pictures stand there: what the judge sees right, the pictures' saturation and contrast over those
of drawn pictures of the same scenes, how different the two pictures of a prompt are over how different two
drawn ones are, and the Fréchet distance from the drawn ones, the last two in the judge's features. Intervals
of 95 % are by bootstrap over prompts. The distance's floor is that of the same scenes, drawn again: the mean
of some drawings, the smallest and the largest. What is finished is kept in out/, and a second run goes on
from there.
"""

import numpy as np
import torch
from diffusers import DDIMScheduler
from PIL import Image

from helpers.denoising import generate, to_pixels
from helpers.judge import load_judge, marks
from helpers.lesson import metrics
from helpers.lesson.cache import kept
from helpers.lesson.examples import load_prompts
from helpers.lesson.measured import made_from, save_measured, workplace
from helpers.models import POCKET, load_components, settings
from measure import arguments
from worlds import planets as world

SCALES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 14.0, 20.0)
DDIM_SCALES = (1.0, 3.0, 5.0, 8.0, 14.0, 20.0)
PHI = 0.7  # the share of the rescaled prediction: Lin et al. (2305.08891), section 3.4
RESCALED = (("PNDM", 14.0), ("DDIM", 20.0))  # schedulers and scales
PARTS = {
    "first third": (667, 1000),
    "middle third": (333, 666),
    "last third": (0, 332),
    "all but the last third": (333, 1000),
}  # timesteps
STRONG = 14.0  # the scale that is also tried in all but the last third
PROMPTS, SEEDS, BATCH = 75, 2, 8
REDRAWN = 3  # how often the scenes are drawn again, for the floor of the distance
WORK = workplace("guidance")


def rescaled(scale, phi=PHI):
    """Guidance with the spread of the prompt's own prediction: Lin et al. (2305.08891), eq. 15 and 16."""

    def guide(noise_uncond, noise_cond, t):
        guided = noise_uncond + scale * (noise_cond - noise_uncond)
        spread = noise_cond.std(dim=(1, 2, 3), keepdim=True) / guided.std(dim=(1, 2, 3), keepdim=True)
        return phi * spread * guided + (1 - phi) * guided

    return guide


def only_between(low, high, scale):
    """Guidance at timesteps from low to high, the prompt's own prediction (scale 1) at all others."""

    def guide(noise_uncond, noise_cond, t):
        now = scale if low <= float(t) <= high else 1.0
        return noise_uncond + now * (noise_cond - noise_uncond)

    return guide


class Workshop:
    """The model, the judge, the prompts with their seeds, and drawn pictures to compare with."""

    def __init__(self, prompts):
        torch.set_num_threads(1)
        self.components = load_components(POCKET, torch.device("cpu"), torch.float32)
        self.steps = settings(POCKET)["num_inference_steps"]
        self.judge = load_judge(POCKET)
        asked = load_prompts(prompts)
        self.captions = [caption for caption, _ in asked for _ in range(SEEDS)]
        self.scenes = [scene for _, scene in asked for _ in range(SEEDS)]
        self.seeds = list(range(len(self.captions)))
        self.drawn = self.look(self.draw())

    def draw(self, *again):
        """The scenes, drawn by code; other numbers `again` give other drawings of the same scenes."""
        return [
            Image.fromarray(world.render(scene, np.random.default_rng((world.SIZE, seed, *again))))
            for scene, seed in zip(self.scenes, self.seeds)
        ]

    def floor(self):
        """{value, low, high} of the Fréchet distance of drawn pictures from others of the same scenes."""
        found = [
            metrics.frechet_distance(self.look(self.draw(i))["features"], self.drawn["features"])
            for i in range(1, REDRAWN + 1)  # a 0 at the end of a seed changes nothing
        ]
        return {"value": float(np.mean(found)), "low": min(found), "high": max(found)}

    def paint(self, guidance, scheduler=None):
        """The pictures of all prompts and seeds, and what there is to see in them."""
        painted = []
        for start in range(0, len(self.seeds), BATCH):
            part = slice(start, start + BATCH)
            painted += generate(
                self.components,
                self.captions[part],
                self.seeds[part],
                self.steps,
                guidance,
                scheduler=scheduler,
            )
        return self.look(painted)

    @torch.no_grad()
    def look(self, pictures):
        """A row for each PIL picture: marks (right, asked for), light, and the judge's features."""
        right = [marks(look, scene) for look, scene in zip(self.judge.look(pictures), self.scenes)]
        return {
            "marks": np.array([(sum(each), len(each), all(each)) for each in right], float),
            "light": np.stack([light(np.asarray(picture)) for picture in pictures]),
            "features": self.judge.features(to_pixels(pictures)).numpy(),
        }

    def summary(self, seen):
        """One point of each curve."""
        rows, both = seen["marks"], np.concatenate([seen["light"], self.drawn["light"]], axis=1)
        gaps = np.stack([_gaps(seen["features"]), _gaps(self.drawn["features"])], axis=1)
        return {
            "attributes_right": interval(rows, metrics.pooled),
            "all_right": _not_narrower_than_wilson(interval(rows, lambda rows: rows[:, 2].mean()), rows),
            "saturation": interval(both, lambda rows: rows[:, 0].mean() / rows[:, 3].mean()),
            "contrast": interval(both, lambda rows: rows[:, 1].mean() / rows[:, 4].mean()),
            "clipped": interval(both, lambda rows: rows[:, 2].mean()),
            "diversity": interval(gaps, lambda rows: rows[:, 0].mean() / rows[:, 1].mean(), rows_each=1),
            "frechet_distance": metrics.frechet_distance(seen["features"], self.drawn["features"]),
        }


def light(pixels):
    """(saturation, contrast, clipped) of one picture, uint8 (height, width, 3).

    The mean gap of a pixel's largest and smallest colour, the standard deviation of the brightness, both as
    shares of 255, and the share of all numbers that are 0 or 255.
    """
    saturation = (pixels.max(axis=2).astype(float) - pixels.min(axis=2)).mean() / 255
    clipped = ((pixels == 0) | (pixels == 255)).mean()
    return np.array([saturation, pixels.mean(axis=2).std() / 255, clipped])


def _gaps(features):
    """The distance of each prompt's two pictures in some features."""
    first, second = features[0::SEEDS], features[1::SEEDS]
    return np.linalg.norm(first - second, axis=1)


def interval(rows, statistic, rows_each=SEEDS):
    """{value, low, high, n}: a statistic of rows, its interval by drawing whole prompts with replacement."""
    prompts = rows.reshape(-1, rows_each, rows.shape[1])

    def of(drawn):
        return float(statistic(drawn.reshape(-1, rows.shape[1])))

    low, high = metrics.bootstrap(prompts, of)
    return {"value": of(prompts), "low": low, "high": high, "n": len(rows)}


def _not_narrower_than_wilson(found, rows):
    """A rate near 0 or 1 gives the bootstrap too little to draw from."""
    low, high = metrics.wilson(int(rows[:, 2].sum()), len(rows))
    return found | {"low": min(low, found["low"]), "high": max(high, found["high"])}


def main(quick=False):
    prompts = 4 if quick else PROMPTS
    mark = made_from("guidance", prompts, SEEDS, settings(POCKET))
    shop, own = Workshop(prompts), settings(POCKET)

    def measured(name, guidance, **options):
        point = kept(
            WORK / f"{prompts}-{name}.json", mark, lambda: shop.summary(shop.paint(guidance, **options))
        )
        print(
            f"{name:33} all right {point['all_right']['value']:.3f}  attributes "
            f"{point['attributes_right']['value']:.3f}  saturation {point['saturation']['value']:.2f}  "
            f"diversity {point['diversity']['value']:.2f}",
            flush=True,
        )
        return point

    few = slice(None, None, 6 if quick else None)
    ddim = DDIMScheduler.from_config(shop.components.scheduler.config)

    results = {
        "prompts": prompts,
        "pictures_of_each": SEEDS,
        "steps": own["num_inference_steps"],
        "renders": {
            "all_right": float(shop.drawn["marks"][:, 2].mean()),
            "frechet_distance": kept(WORK / f"{prompts}-floor.json", mark, shop.floor),
        },
        "scales": [{"guidance_scale": scale} | measured(f"scale {scale:g}", scale) for scale in SCALES[few]],
        "parts": [
            {"guidance_scale": scale, "part": part, "timesteps": list(PARTS[part])}
            | measured(f"{part}, scale {scale:g}", only_between(*PARTS[part], scale))
            for part, scale in [(part, own["guidance_scale"]) for part in PARTS] + [([*PARTS][-1], STRONG)]
        ],
        "ddim": [
            {"guidance_scale": scale} | measured(f"DDIM, scale {scale:g}", scale, scheduler=ddim)
            for scale in DDIM_SCALES[few]
        ],
        "rescaled": [
            {"scheduler": scheduler, "guidance_scale": scale, "guidance_rescale": PHI}
            | measured(
                f"{scheduler}, scale {scale:g}, rescaled",
                rescaled(scale),
                scheduler=ddim if scheduler == "DDIM" else None,
            )
            for scheduler, scale in RESCALED
        ],
    }
    save_measured("guidance", results, quick)


if __name__ == "__main__":
    main(arguments(__doc__, "4 prompts, a few scales").quick)
