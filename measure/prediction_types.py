"""What should a network predict, noise, picture or velocity? And what is guidance without caption dropout?

    python -m measure.prediction_types           # an hour and a half on one core
    python -m measure.prediction_types --quick   # a smoke run of a minute, into out/ only

Notebook 10's small U-Net is trained anew for each kind of prediction, and once more without leaving out any
captions, each with several seeds: the same pictures in the same order, the same noise, the same loss. That
loss is the squared error of the clean latents, weighed by min(SNR, 5), whatever the network predicts. Then it
paints from prompts that name every attribute, scenes that no training used; the judge marks the pictures, and
their Fréchet distance from drawn ones is taken in its features. What is finished is kept in out/, and a
second run goes on from there.
"""

import copy
from functools import partial

import numpy as np
import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler
from PIL import Image

from helpers.denoising import encode_picture, encode_prompts, generate, to_pixels
from helpers.judge import load_judge, marks
from helpers.lesson import metrics
from helpers.lesson.cache import kept
from helpers.lesson.measured import made_from, save_measured, workplace
from helpers.lesson.networks import small_unet, use_fast_attention
from helpers.lesson.objective import adamw, min_snr_weights, optimise, predicted, training_loss
from helpers.lesson.trainings import lr_scale, mixed_precision
from helpers.models import POCKET, load_components
from measure import arguments
from worlds import planets as world
from worlds import seeds

WORLD = {"view": "space", "style": "plain", "moons": "no moons"}  # the part of it that is learnt
PREDICTIONS = ("epsilon", "sample", "v_prediction")  # as the library's schedulers name them
RUNS, STEPS, BATCH, LR = (0, 1), 1000, 32, 2e-3
PICTURES, PROMPTS, FEW = 1500, 128, 64  # FEW prompts for each point of a curve
DROPOUT = 0.1
GUIDANCE, SAMPLER_STEPS = 3.0, 15
SCALES = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0)  # of guidance, with and without caption dropout
EMA_AT = (0.25, 0.5, 1.0)  # shares of the training, at which weights and average are compared
WORK = workplace("prediction_types")


def space_views(numbers):
    """A drawn planet for each seed, and their full captions and scenes."""
    pictures, captions, scenes = [], [], []
    for seed in numbers:
        rng = np.random.default_rng(seed)
        scene = {}
        while not WORLD.items() <= scene.items():
            scene = world.sample_scene(rng)
        captions.append(world.caption(scene, rng, detail="full"))
        pictures.append(Image.fromarray(world.render(scene, rng)))
        scenes.append(scene)
    return pictures, captions, scenes


def new_unet(config):
    """The small U-Net of notebook 10, 2.0 M parameters; `config` is the big one's."""
    unet = small_unet(config.in_channels, config.sample_size, config.cross_attention_dim)
    use_fast_attention(unet, "cpu")
    return unet


class Workshop:
    """The pocket model's other parts, the training set as latents, and what there is to paint and judge."""

    def __init__(self, pictures, prompts):
        torch.set_num_threads(1)
        self.components = load_components(POCKET, torch.device("cpu"), torch.float32)
        drawn, captions, _ = space_views(seeds.TRAINING[:pictures])
        with mixed_precision("cpu"):
            self.latents = torch.cat(
                [
                    encode_picture(self.components.vae, drawn[i : i + 50]).float()
                    for i in range(0, pictures, 50)
                ]
            )
        self.words = self.embedded(["", *captions])
        self.judge = load_judge(POCKET)
        drawn, self.captions, self.scenes = space_views(seeds.PREDICTION_TYPES[:prompts])
        self.renders = self.features(drawn)
        self.other_renders = self.features(space_views(seeds.PREDICTION_TYPES[prompts : 2 * prompts])[0])

    def embedded(self, texts):
        parts = [texts[i : i + 50] for i in range(0, len(texts), 50)]
        return torch.cat([encode_prompts(self.components, part).chunk(2)[1] for part in parts])

    @torch.no_grad()
    def features(self, pictures):
        return self.judge.features(to_pixels(pictures)).numpy()

    def train(self, prediction, dropout, seed, steps):
        """{share of the training: (weights, average)}: copies of the network at each of `EMA_AT`."""
        torch.manual_seed(seed)
        unet = new_unet(self.components.unet.config)
        ema, found = copy.deepcopy(unet).requires_grad_(False), {}
        optimizer = adamw(unet.parameters(), LR)
        scheduler = DDPMScheduler.from_config(self.components.scheduler.config, prediction_type=prediction)
        weights = min_snr_weights(scheduler)
        for step in range(steps):
            chance = torch.Generator().manual_seed(seed * 1_000_000 + step)
            rows = torch.randint(len(self.latents), (BATCH,), generator=chance)
            told = torch.where(torch.rand(BATCH, generator=chance) < dropout, 0, rows + 1)
            noise = torch.randn((BATCH, *self.latents.shape[1:]), generator=chance)
            timesteps = torch.randint(scheduler.config.num_train_timesteps, (BATCH,), generator=chance)
            predict = partial(predicted, unet, self.words[told])
            with mixed_precision("cpu"):
                loss = training_loss(predict, scheduler, self.latents[rows], weights, noise, timesteps)
            optimizer.param_groups[0]["lr"] = LR * lr_scale(step, step / steps, 50, 0.6)
            optimise(loss, unet, ema, optimizer, step)
            found |= {
                share: (copy.deepcopy(unet), copy.deepcopy(ema))
                for share in EMA_AT
                if step + 1 == round(share * steps)
            }
        return found

    def judged(self, unet, prediction, guidance, prompts=None):
        """What a network paints from the first `prompts` captions, marked, and compared with drawn ones."""
        components = self.components._replace(unet=unet.eval())
        scheduler = DPMSolverMultistepScheduler.from_config(
            self.components.scheduler.config, prediction_type=prediction
        )
        captions, scenes = self.captions[:prompts], self.scenes[:prompts]
        pictures = []
        for start in range(0, len(captions), 32):
            part = captions[start : start + 32]
            pictures += generate(
                components,
                part,
                list(range(start, start + len(part))),
                SAMPLER_STEPS,
                guidance,
                scheduler=scheduler,
            )
        right = [marks(seen, scene) for seen, scene in zip(self.judge.look(pictures), scenes)]
        rows = np.array([(sum(each), len(each)) for each in right], float)
        features = self.features(pictures)

        low, high = metrics.bootstrap(rows, metrics.pooled)
        return {
            "attributes_right": {"value": metrics.pooled(rows), "low": low, "high": high, "n": len(rows)},
            "all_right": float(np.mean([all(each) for each in right])),
            "frechet_distance": metrics.frechet_distance(features, self.renders[: len(rows)]),
            "kernel_distance": metrics.kernel_distance(features, self.renders[: len(rows)]),
        }


def one_run(shop, name, prediction, dropout, seed, steps):
    """One network from nothing to its figures."""
    nets = shop.train(prediction, dropout, seed, steps)
    torch.save(nets[1.0][1].state_dict(), WORK / f"{name}.pt")
    found = {"average": shop.judged(nets[1.0][1], prediction, GUIDANCE)}
    if prediction == "epsilon":
        found["scales"] = [
            {"guidance_scale": w} | shop.judged(nets[1.0][1], prediction, w, FEW) for w in SCALES
        ]
    if prediction == "epsilon" and dropout:
        found["ema"] = [
            {
                "share": share,
                "weights": shop.judged(unet, prediction, GUIDANCE, FEW),
                "average": shop.judged(ema, prediction, GUIDANCE, FEW),
            }
            for share, (unet, ema) in nets.items()
        ]
    return found


def main(quick=False):
    pictures, prompts, steps, runs = (48, 8, 8, (0,)) if quick else (PICTURES, PROMPTS, STEPS, RUNS)
    WORK.mkdir(parents=True, exist_ok=True)
    shop, results = Workshop(pictures, prompts), {}
    fixed = (BATCH, LR, GUIDANCE, SAMPLER_STEPS, SCALES, EMA_AT, FEW)
    mark = made_from("prediction_types", pictures, prompts, steps, fixed)
    for seed in runs:
        for prediction, dropout in [(each, DROPOUT) for each in PREDICTIONS] + [("epsilon", 0.0)]:
            name = f"{pictures}-{steps}-{prediction}-{dropout:g}-{seed}"
            found = kept(
                WORK / f"{name}.json", mark, partial(one_run, shop, name, prediction, dropout, seed, steps)
            )
            results.setdefault(prediction if dropout else "no_dropout", []).append({"seed": seed} | found)
            print(
                f"{prediction:13} dropout {dropout:<4} seed {seed}: attributes right "
                f"{found['average']['attributes_right']['value']:.3f}, Fréchet "
                f"{found['average']['frechet_distance']:.1f}",
                flush=True,
            )
    results |= {
        "pictures": pictures,
        "prompts": prompts,
        "steps": steps,
        "batch": BATCH,
        "guidance_scale": GUIDANCE,
        "renders": {"frechet_distance": metrics.frechet_distance(shop.other_renders, shop.renders)},
    }
    save_measured("prediction_types", results, quick)


if __name__ == "__main__":
    main(arguments(__doc__, "8 steps, 8 prompts").quick)
