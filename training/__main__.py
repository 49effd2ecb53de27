"""`python -m training STAGE`: one stage, or all in order; an interrupted one goes on where it stopped."""

import argparse
import os
import signal
import subprocess
import sys
from dataclasses import replace

STAGES = {  # in order
    "data": "draw the training pictures",
    "tokenizer": "learn the tokens from captions",
    "clip": "learn which caption belongs to which picture; its text tower is the text encoder",
    "vae": "learn to make pictures 8 x smaller and back",
    "latents": "put all pictures through the VAE's encoder, once",
    "decoder": "train the VAE's decoder further",
    "unet": "learn to predict the noise in latents",
    "judge": "learn to see a picture's attributes, to judge generated pictures by",
    "evaluate": "measure the whole model and write the figures into its card",
}
APART = {  # not part of the pocket model: what notebooks 11 and 12 compare and show
    "in-latents": "the same small U-Net on latents ...",
    "in-pixels": "... and on pixels, for equal time (notebook 11)",
    "proteins": "backbones of proteins, as chains of angles (notebook 12)",
    "video": "turning planets, as short videos (notebook 12)",
    "sounds": "tones and syllables, as spectrograms (notebook 12)",
}
LAUNCHED = ("clip", "vae", "latents", "decoder", "unet", "judge")  # can use several processes


def arguments(argv=None):
    table, apart = (
        "\n".join(f"  {stage:10} {what}" for stage, what in stages.items()) for stages in (STAGES, APART)
    )
    parser = argparse.ArgumentParser(
        prog="python -m training", description=(
            f"stages, in order:\n{table}\n  all        all of these\napart from them:\n{apart}"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("stage", choices=[*STAGES, "all", *APART], metavar="STAGE")
    parser.add_argument("--preset", choices=("cpu", "gpu"), help="settings; default: gpu if there is one")
    parser.add_argument(
        "--processes", type=int, default=1, help="processes on a CPU, of one thread each (or OMP_NUM_THREADS)"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="start anew instead of going on from the checkpoint"
    )
    data = parser.add_argument_group("data")
    data.add_argument("--count", type=int, default=60_000, help="training pictures")
    training = parser.add_argument_group("clip, vae, unet, judge (defaults: the preset's)")
    training.add_argument("--steps", type=int)
    training.add_argument("--minutes", type=float, help="a time budget instead of a number of steps")
    training.add_argument("--batch", type=int, help="per process")
    training.add_argument("--lr", type=float)
    training.add_argument("--seed", type=int)
    training.add_argument("--precision", choices=("bf16", "no"), help="no: float32 throughout")
    training.add_argument("--kl", type=float, default=1e-6, help="vae: weight of the divergence from N(0, 1)")
    training.add_argument(
        "--attention", choices=("all", "low"), default="all", help="unet: levels that see the text"
    )
    training.add_argument("--warm", action="store_true", help="unet: start from the weights in models/")
    return parser.parse_args(argv)


def settings_for(stage_settings, options):
    """The preset's settings with the options given; a time budget alone means as many steps as fit."""
    given = {
        name: getattr(options, name) for name in ("steps", "minutes", "batch", "lr", "seed", "precision")
    }
    given = {name: value for name, value in given.items() if value is not None}
    if "minutes" in given:
        given.setdefault("steps", 10_000_000)
    return replace(stage_settings[options.preset], **given)


def run(options):
    if options.stage == "data":
        from training.pocket import data

        data.main(options.count, options.processes)
    elif options.stage == "tokenizer":
        from training.pocket import tokenizer

        tokenizer.main()
    elif options.stage == "clip":
        from training.pocket import clip

        clip.main(settings_for(clip.SETTINGS, options), options.preset, options.fresh)
    elif options.stage == "vae":
        from training.pocket import vae

        vae.main(settings_for(vae.SETTINGS, options), options.preset, options.fresh, options.kl)
    elif options.stage == "latents":
        from training.pocket import vae

        vae.latents_main(settings_for(vae.SETTINGS, options), options.preset)
    elif options.stage == "decoder":
        from training.pocket import vae

        vae.decoder_main(settings_for(vae.DECODER_SETTINGS, options), options.preset, options.fresh)
    elif options.stage == "unet":
        from training.pocket import unet

        settings = settings_for(unet.SETTINGS, options)
        unet.main(settings, options.preset, options.fresh, options.attention, options.warm)
    elif options.stage == "judge":
        from training.pocket import judge

        judge.main(settings_for(judge.SETTINGS, options), options.preset, options.fresh)
    elif options.stage in ("in-latents", "in-pixels"):
        from training.beyond import spaces

        space = options.stage.removeprefix("in-")
        spaces.main(space, settings_for(spaces.SETTINGS[space], options), options.preset, options.fresh)
    elif options.stage == "proteins":
        from training.beyond import proteins

        settings = settings_for(proteins.SETTINGS, options)
        proteins.main(settings, options.preset, options.fresh)
    elif options.stage == "video":
        from training.beyond import video

        video.main(settings_for(video.SETTINGS, options), options.preset, options.fresh)
    elif options.stage == "sounds":
        from training.beyond import sounds

        sounds.main(settings_for(sounds.SETTINGS, options), options.preset, options.fresh)
    elif options.stage == "evaluate":
        from training.evaluation import evaluate

        evaluate.main(processes=max(2, options.processes))


def call(command):
    """Runs a command to its end, passing SIGTERM on to it; leaves with its status if it failed."""
    process = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it by itself
    if status := process.wait():
        sys.exit(status)


def main():
    options, given = arguments(), sys.argv[1:]
    if options.preset is None:
        import torch

        options.preset = "gpu" if torch.cuda.is_available() else "cpu"
    if options.stage == "all":
        given.remove("all")
        for stage in STAGES:
            print(f"== {stage}: {STAGES[stage]}", flush=True)
            call([sys.executable, "-m", "training", stage, *given])
    elif options.processes > 1 and options.stage in LAUNCHED and "LOCAL_RANK" not in os.environ:
        # `accelerate launch --cpu` starts one process only; torch's launcher starts all of them.
        launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(options.processes)]
        call([*launcher, "-m", "training", *given, "--preset", options.preset])
    else:
        run(options)


if __name__ == "__main__":
    main()
