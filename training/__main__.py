"""`python -m training STAGE`: one stage, or all in order; an interrupted one goes on where it stopped."""

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

from helpers.errors import DiskError, ModelError
from helpers.machine.disk import clear_disk_error

STAGES = {  # in order
    "data": "draw the training pictures",
    "tokenizer": "learn the tokens from captions",
    "clip": "learn which caption belongs to which picture; its text tower is the text encoder",
    "vae": "learn to make pictures 8 x smaller and back",
    "latents": "put all pictures through the VAE's encoder, once",
    "decoder": "train the VAE's decoder further",
    "unet": "learn to predict the noise in latents",
    "cooled": "bring a copy of the U-Net to rest, and save it",
    "judge": "learn to see a picture's attributes, to judge generated pictures by",
    "evaluate": "measure the whole model and write the figures into its card",
}
APART = {  # not part of the pocket model: what notebooks 11 and 12 compare and show
    "in-latents": "the same small U-Net on latents ...",
    "in-pixels": "... and on pixels, for equal time (notebook 11)",
    "proteins": "backbones of proteins, as chains of angles (notebook 12)",
    "video": "turning planets, as short videos (notebook 13)",
    "sounds": "tones and syllables, as spectrograms (notebook 14)",
}
LAUNCHED = ("clip", "vae", "latents", "decoder", "unet", "cooled", "judge")  # can use several processes
SETTINGS = ("steps", "minutes", "batch", "lr", "seed", "precision")
TRAINED = {"preset", "fresh", *SETTINGS}
USES = {  # the options of each stage
    "data": {"count", "processes", "fresh"},
    "tokenizer": {"fresh"},  # it always starts anew
    "clip": {"processes", "warm", *TRAINED},
    "vae": {"processes", "kl", "equivariance", "noise", "warm", *TRAINED},
    "latents": {"processes", "preset", "fresh", "precision"},
    "decoder": {"processes", *TRAINED},
    "unet": {"processes", "warm", "weights", *TRAINED},
    "cooled": {"processes", "weights", *TRAINED},
    "judge": {"processes", *TRAINED},
    "evaluate": {"processes", "preset"},  # it takes a GPU if there is one
    **dict.fromkeys(APART, TRAINED),
}


def arguments(argv=None):
    table, apart = (
        "\n".join(f"  {stage:10} {what}" for stage, what in stages.items()) for stages in (STAGES, APART)
    )
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=(f"stages, in order:\n{table}\n  all        all of these\napart from them:\n{apart}"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("stage", choices=[*STAGES, "all", *APART], metavar="STAGE")
    parser.add_argument("--preset", choices=("cpu", "gpu"), help="settings; default: gpu if there is one")
    parser.add_argument(
        "--processes", type=int, default=1, help="processes on a CPU, of one thread each (or OMP_NUM_THREADS)"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="start anew: no checkpoint, nothing that was kept"
    )
    data = parser.add_argument_group("data")
    data.add_argument("--count", type=int, default=150_000, help="training pictures")
    training = parser.add_argument_group("clip, vae, unet, judge (defaults: the preset's)")
    training.add_argument("--steps", type=int)
    training.add_argument("--minutes", type=float, help="a time budget instead of a number of steps")
    training.add_argument("--batch", type=int, help="per process")
    training.add_argument("--lr", type=float)
    training.add_argument("--seed", type=int)
    training.add_argument(
        "--precision", choices=("bf16", "no"), help="no: float32 throughout; default: bf16 where that is fast"
    )
    training.add_argument("--kl", type=float, default=1e-6, help="vae: weight of the divergence from N(0, 1)")
    training.add_argument("--equivariance", type=float, default=0.5, help="vae: weight of the half-size loss")
    training.add_argument("--noise", type=float, default=0.05, help="vae: in units of the latents' std")
    training.add_argument(
        "--weights", choices=("min-snr", "v", "even", "mixed"), help="unet, cooled: of the timesteps"
    )
    training.add_argument(
        "--warm",
        action="store_true",
        help="clip, vae, unet: start from the weights in models/ (clip: the text tower stays as it is)",
    )
    options = parser.parse_args(argv)
    given = {name for name, value in vars(options).items() if value != parser.get_default(name)} - {"stage"}
    if options.stage != "all" and (useless := sorted(given - USES[options.stage])):
        told = " and ".join(f"--{name}" for name in useless)
        uses = ", ".join(f"--{name}" for name in sorted(USES[options.stage]))
        leave = "leave it out" if len(useless) == 1 else "leave them out"
        parser.error(f"stage {options.stage} has no use for {told}: {leave}. It takes {uses}.")
    options.given = given
    return options


def passed_on(options, stage):
    """Those of the options given that a stage has a use for, as words of a command line."""
    words = []
    for name in sorted(options.given & USES[stage]):
        value = getattr(options, name)
        words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return words


def settings_for(stage_settings, options):
    """The preset's settings with the options given; a time budget alone means as many steps as fit.

    Without --precision it is bfloat16 where that is fast.
    """
    from helpers.lesson.trainings import bfloat16_is_fast

    given = {name: getattr(options, name) for name in SETTINGS}
    given = {name: value for name, value in given.items() if value is not None}
    if "minutes" in given:
        given.setdefault("steps", 10_000_000)
    fast = bfloat16_is_fast({"cpu": "cpu", "gpu": "cuda"}[options.preset])
    given.setdefault("precision", "bf16" if fast else "no")
    return replace(stage_settings[options.preset], **given)


def run(options):
    """Run one stage here; the modules are imported by the process that needs them."""
    import training
    from helpers.machine.weights import note_sums
    from training.beyond import proteins, sounds, spaces, video
    from training.evaluation import evaluate
    from training.pocket import clip, data, judge, tokenizer, unet, vae

    def trained(main, settings, *more):
        main(settings_for(settings, options), options.preset, options.fresh, *more)

    stages = {
        "data": lambda: data.main(options.count, options.processes, options.fresh),
        "tokenizer": tokenizer.main,
        "clip": lambda: trained(clip.main, clip.SETTINGS, options.warm),
        "vae": lambda: trained(
            vae.main, vae.SETTINGS, options.kl, options.equivariance, options.warm, options.noise
        ),
        "latents": lambda: trained(vae.latents_main, vae.SETTINGS),
        "decoder": lambda: trained(vae.decoder_main, vae.DECODER_SETTINGS),
        "unet": lambda: trained(unet.main, unet.SETTINGS, options.warm, options.weights or "v"),
        "cooled": lambda: trained(unet.cooled_main, unet.COOLED_SETTINGS, options.weights or "mixed"),
        "judge": lambda: trained(judge.main, judge.SETTINGS),
        "evaluate": lambda: evaluate.main(processes=max(2, options.processes)),
        "in-latents": lambda: trained(partial(spaces.main, "latents"), spaces.SETTINGS["latents"]),
        "in-pixels": lambda: trained(partial(spaces.main, "pixels"), spaces.SETTINGS["pixels"]),
        "proteins": lambda: trained(proteins.main, proteins.SETTINGS),
        "video": lambda: trained(video.main, video.SETTINGS),
        "sounds": lambda: trained(sounds.main, sounds.SETTINGS),
    }
    try:
        with clear_disk_error("models"):
            begun = time.time()
            stages[options.stage]()
            if os.environ.get("LOCAL_RANK", "0") == "0":
                note_sums(training.MODELS, begun)
    except (ModelError, DiskError) as error:
        sys.exit(str(error))


def call(command):
    """Runs a command to its end, passing SIGTERM on to it; leaves with its status if it failed."""
    process = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it by itself
    if status := process.wait():
        sys.exit(status)


def main():
    options = arguments()
    if options.preset is None:
        import torch

        options.preset = "gpu" if torch.cuda.is_available() else "cpu"
    if options.stage == "all":
        for stage in STAGES:
            print(f"== {stage}: {STAGES[stage]}", flush=True)
            call([sys.executable, "-m", "training", stage, *passed_on(options, stage)])
    elif options.processes > 1 and options.stage in LAUNCHED and "LOCAL_RANK" not in os.environ:
        # `accelerate launch --cpu` starts one process only; torch's launcher starts all of them.
        launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(options.processes)]
        preset = [] if "preset" in options.given else ["--preset", options.preset]
        call([*launcher, "-m", "training", options.stage, *passed_on(options, options.stage), *preset])
    else:
        run(options)


if __name__ == "__main__":
    main()
