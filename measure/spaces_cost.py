"""What the two spaces cost: time of sampling and training, peak memory, growth with the picture's side.

Part of measure/spaces.py. All on one thread; the spaces take turns, and what is compared are ratios of
the processor's own time. Time of training and growth are those of untrained networks.
"""

import os
import statistics
import subprocess
import sys
import time
from functools import partial

import torch
from diffusers import DPMSolverMultistepScheduler

from helpers.denoising import decode, denoise, encode_prompts
from helpers.lesson.networks import use_fast_attention
from helpers.lesson.objective import adamw, optimise
from helpers.lesson.spaces import SPACES, load_space, new_unet
from helpers.lesson.trainings import mixed_precision
from helpers.models import latent_shape, pixels_per_latent
from helpers.seeding import generator, initial_noise

STEPS, GUIDANCE, PROMPT = 12, 5.0, "an astronaut on mars"
BATCHES = {"pixels": (2, 8, 32), "latents": (8, 32, 128)}  # of training steps that are timed
SIDES = (64, 128, 256, 512)
GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536"}  # freed tensors go back to the system at once: honest peaks


def sampling(space, pictures, steps=STEPS):
    """A function that makes the latents (or scaled pixels) of so many pictures."""
    parts = load_space(space)
    noise = initial_noise(latent_shape(parts), list(map(generator, range(pictures))))
    embeddings = encode_prompts(parts, [PROMPT] * pictures)
    scheduler = DPMSolverMultistepScheduler.from_config(parts.scheduler.config)
    return partial(denoise, parts, embeddings, noise, GUIDANCE, steps, scheduler)


def seconds(work):
    start = time.process_time()
    work()
    return time.process_time() - start


def middle(ratios):
    return {"rate": statistics.median(ratios), "low": min(ratios), "high": max(ratios), "n": len(ratios)}


def sampling_time(pictures, repeats):
    """Pixels over latents for a picture of STEPS guided steps; the VAE's decoding over a step in latents."""
    work = {space: sampling(space, pictures) for space in SPACES}
    vae, latents = load_space("latents").vae, work["latents"]()
    decode(vae, latents)
    rows = [
        [seconds(work["pixels"]), seconds(work["latents"]), seconds(lambda: decode(vae, latents))]
        for _ in range(repeats)
    ]
    return {
        "without_decoding": middle([p / each for p, each, _ in rows]),
        "with_decoding": middle([p / (each + d) for p, each, d in rows]),
        "decoding_over_a_step": middle([d / (each / STEPS) for _, each, d in rows]),
    }


def training_step(space, batch):
    """A function that makes one step as training/beyond/spaces.py does, on random numbers."""
    torch.manual_seed(0)
    model = new_unet(space)
    use_fast_attention(model, "cpu")
    optimizer = adamw(model.parameters(), 1e-3)
    config = model.config
    x = torch.randn(batch, config.in_channels, config.sample_size, config.sample_size)
    text, t = torch.randn(batch, 77, config.cross_attention_dim), torch.randint(1000, (batch,))
    ema = new_unet(space).requires_grad_(False)

    def step():
        with mixed_precision("cpu"):
            noise_pred = model(x, t, text).sample
        optimise((noise_pred.float() - x).square().mean(), model, ema, optimizer, step=0)

    return step


def training_time(repeats=3):
    """Pictures trained on in the same time, each at its best batch and both at the same; turn by turn."""
    steps = {(space, batch): training_step(space, batch) for space in SPACES for batch in BATCHES[space]}
    for step in steps.values():
        step()
    rows = []
    for _ in range(repeats):
        rows.append({key: key[1] / seconds(step) for key, step in steps.items()})
    rate = {key: statistics.median(row[key] for row in rows) for key in steps}
    best = {space: max(BATCHES[space], key=lambda batch: rate[space, batch]) for space in SPACES}
    common = [batch for batch in BATCHES["pixels"] if batch in BATCHES["latents"]]

    def ratio(latents, pixels):
        return middle([row["latents", latents] / row["pixels", pixels] for row in rows])

    return {
        "best_batch": best,
        "at_best": ratio(*(best[space] for space in SPACES)),
        "at_equal_batch": {batch: ratio(batch, batch) for batch in sorted(common)},
        "over_latents_at_best": {
            space: {
                batch: rate[space, batch] / rate["latents", best["latents"]]
                for batch in sorted(BATCHES[space])
            }
            for space in SPACES
        },
    }


def growth(calls=5):
    """Time of one call for one picture, and of decoding, over that of a call on the smallest latents."""
    vae, factor = load_space("latents").vae, pixels_per_latent(load_space("latents").vae)
    nets = {space: new_unet(space).eval().requires_grad_(False) for space in SPACES}
    text = torch.randn(1, 77, nets["pixels"].config.cross_attention_dim, generator=generator(0))
    rows = []
    with torch.no_grad():
        for side in SIDES:
            x = {
                "pixels": torch.randn(1, 3, side, side),
                "latents": torch.randn(1, 4, side // factor, side // factor),
            }
            work = {space: partial(nets[space], x[space], 500, text) for space in SPACES}
            work["decoding"] = partial(vae.decode, x["latents"])
            repeats = calls if side < 512 else 2
            times = [{name: seconds(each) for name, each in work.items()} for _ in range(repeats)]
            rows.append({"side": side} | {name: min(each[name] for each in times) for name in work})
    unit = rows[0]["latents"]
    return [{name: value if name == "side" else value / unit for name, value in row.items()} for row in rows]


def peak(name):
    """MB that one piece of work takes at most, above what is held when it begins. Linux only.

    The kernel's own mark, VmHWM, set back before the work; run in a process of its own. It counts all that
    the process touches: activations and the libraries' working space.
    """
    kind, space, batch = name.split()
    if kind == "training":
        work = training_step(space, int(batch))
        work()  # the optimiser's own memory belongs to what is held
    elif kind == "decoding":
        parts = load_space(space)
        work = partial(decode, parts.vae, torch.randn(1, *latent_shape(parts)))
    else:
        work = sampling(space, int(batch), steps=2)

    def field(key):
        lines = open("/proc/self/status").read().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1000

    open("/proc/self/clear_refs", "w").write("5")  # VmHWM = VmRSS
    before = field("VmRSS")
    work()
    return field("VmHWM") - before


def memory():
    names = ["sampling latents 1", "sampling pixels 1", "decoding latents 1"]
    names += [f"training {space} {batch}" for space in SPACES for batch in BATCHES[space]]
    # Another allocator, or other settings of this one, would keep what is freed: peaks would look lower
    system = {
        name: value for name, value in os.environ.items() if not name.startswith(("LD_PRELOAD", "MALLOC_"))
    }
    results = {}
    for name in names:
        command = [sys.executable, "-m", "measure.spaces_cost", name]
        done = subprocess.run(command, env=system | GIVE_BACK, check=True, capture_output=True, text=True)
        results[name] = float(done.stdout.split()[-1])
    return results


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(peak(sys.argv[1]))
