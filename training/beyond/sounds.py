"""Stage "sounds": captioned tones and syllables, as spectrograms; a U-Net and a small text encoder together.

The U-Net learns to predict v, a mixture of noise and sound (Salimans & Ho 2022, 2202.00512, section 4),
without the caption for one sound in ten (Ho & Salimans 2022, 2207.12598). Predicting the noise did worse: in
the noisiest steps, where only the words can tell the pitch, hardly any of that loss is left. The text encoder
learns with the U-Net and has a lesson of its own beside: the summary of a caption that the U-Net gets must
tell which kind, contour, pitch and syllable the caption names, and how high in the picture the pitch lies.
"""

import copy
import json
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

import training
from helpers.denoising import denoise, encode_prompts
from helpers.lesson import cache
from helpers.lesson.networks import use_fast_attention
from helpers.lesson.objective import predicted, training_loss
from helpers.lesson.trainings import CAPTION_DROPOUT
from helpers.models import Components
from helpers.sound.hearing import hear
from helpers.sound.model import (
    LOWEST_HZ,
    PLACES,
    SHAPE,
    SoundUNet,
    fold,
    mel,
    place_code,
    to_spectrogram,
    to_waves,
    unfold,
)
from training import loop
from training.pocket import clip, tokenizer
from training.pocket.unet import SCHEDULER as NOISE_SCHEDULER
from worlds import sounds as world
from worlds.sheet import contact_sheet

SETTINGS = {
    "cpu": loop.Settings(steps=2200, batch=32, lr=2e-3),
    "gpu": loop.Settings(steps=6000, batch=512, lr=2e-3, workers=8),
}
SOUNDS = 10_000  # of the training set
TOKENS, WIDTH, SUMMARY = 32, 40, 48
READ = 64  # captions a step for the text encoder's own lesson
LESSON = 0.05  # the lesson's weight in the loss
SCHEDULER = NOISE_SCHEDULER | {"prediction_type": "v_prediction"}
FOLDER = training.MODELS / "pocket-sounds"
ANSWERS = {
    "kind": len(world.KINDS),
    "contour": len(world.CONTOURS),
    "pitch": world.HIGHEST - world.LOWEST + 1,
    "syllable": 10,
}


class Model(nn.Module):
    """U-Net, text encoder, and the answers' layer, which only training needs; 0.43 M parameters in all."""

    def __init__(self, words):
        super().__init__()
        self.unet = SoundUNet(
            sample_size=SHAPE[1:],
            in_channels=SHAPE[0] + PLACES,
            out_channels=SHAPE[0],
            block_out_channels=(32, 32, 32),
            layers_per_block=1,
            norm_num_groups=8,
            down_block_types=("DownBlock2D",) * 3,
            up_block_types=("UpBlock2D",) * 3,
            mid_block_type="UNetMidBlock2DCrossAttn",
            cross_attention_dim=WIDTH,
            attention_head_dim=2,
            time_embedding_dim=SUMMARY,
            resnet_time_scale_shift="scale_shift",
            # A summary of the caption reaches every block, with the timestep; its words only the middle one.
            addition_embed_type="text",
            addition_embed_type_num_heads=4,
        )
        self.text_encoder = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(words),
                hidden_size=WIDTH,
                intermediate_size=2 * WIDTH,
                num_hidden_layers=2,
                num_attention_heads=2,
                max_position_embeddings=TOKENS,
                bos_token_id=words.bos_token_id,
                eos_token_id=words.eos_token_id,
                pad_token_id=words.pad_token_id,
            )
        )
        self.answers = nn.Linear(SUMMARY, sum(ANSWERS.values()) + PLACES)

    def lesson(self, ids, right, height):
        """The text encoder's own loss, for captions' tokens, right answers (B, 4) and heights (PLACES, B)."""
        said = self.answers(self.unet.add_embedding(self.text_encoder(ids).last_hidden_state)).float()
        *said, place = said.split([*ANSWERS.values(), PLACES], dim=1)
        wrong = sum(F.cross_entropy(each, number) for each, number in zip(said, right.T))
        return wrong + (place - height.T).square().sum(1).mean()


def answers(scene):
    """What the text encoder is to say of a caption: numbers of kind, contour, pitch, syllable (0: none)."""
    syllable = 0
    if scene["kind"] == "voice":
        syllable = 1 + 3 * world.VOWELS.index(scene["vowel"]) + world.ONSETS.index(scene["onset"])
    return [
        world.KINDS.index(scene["kind"]),
        world.CONTOURS.index(scene["contour"]),
        scene["pitch"] - world.LOWEST,
        syllable,
    ]


def heights(scenes):
    """The code (PLACES, B) of the height in the picture at which the scenes' pitches lie."""
    pitches = world.hertz(np.array([scene["pitch"] for scene in scenes]))
    low, high = mel(LOWEST_HZ), mel(world.RATE / 2)
    return place_code(torch.from_numpy((mel(pitches) - low) / (high - low)).float())


def training_scene(rng):
    """A random scene that isn't held out."""
    while world.held_out(scene := world.sample_scene(rng)):
        pass
    return scene


def load_sounds():
    """(spectrograms, float16 (SOUNDS, 1, 64, 32); their scenes), made once and kept."""
    rng = np.random.default_rng(0)
    scenes = [training_scene(rng) for _ in range(SOUNDS)]

    def make():
        print(f"sounds: making {SOUNDS} sounds", flush=True)
        parts = [scenes[i : i + 100] for i in range(0, SOUNDS, 100)]
        made = [to_spectrogram([world.synthesise(scene, rng) for scene in part]).half() for part in parts]
        return {"spectrograms": torch.cat(made).numpy()}

    tried = to_spectrogram([world.synthesise(scene, np.random.default_rng(1)) for scene in scenes[:8]])
    made_from = cache.mark(SOUNDS, scenes, tried.half().numpy().tobytes())
    return cache.kept_arrays(training.CACHE / "sounds.npz", made_from, make)["spectrograms"], scenes


def new_words():
    words = tokenizer.load()
    words.model_max_length = TOKENS
    return words


def main(settings, preset="cpu", fresh=False):
    accelerator = loop.start(settings, cpu=preset == "cpu")
    device, words = accelerator.device, new_words()
    spectrograms, scenes = load_sounds()
    run = loop.Run("sounds", Model(words), settings, accelerator, fresh)
    model, scheduler = run.model, DDPMScheduler.from_config(SCHEDULER)
    use_fast_attention(model.unet, device)
    parts = {}

    def tokens(captions):
        return words(captions, padding="max_length", truncation=True, return_tensors="pt").input_ids

    def draw(rng):
        rows = rng.integers(len(scenes), size=settings.batch)
        captions = ["" if rng.random() < CAPTION_DROPOUT else world.caption(scenes[i], rng) for i in rows]
        read = [training_scene(rng) for _ in range(READ)]
        told = tokens([world.caption(scene, rng, "note") for scene in read])
        right = torch.tensor([answers(scene) for scene in read])
        return spectrograms[rows], tokens(captions), told, right, heights(read)

    def report():
        figures = {name: round(value.item(), 4) for name, value in parts.items()}
        return {"loss": run.last_loss()} | figures | listen(run.ema, words, device)

    for clean, ids, told, right, height in run.batches(draw, report):
        clean = fold(clean.float().to(device))
        with accelerator.autocast():
            text_embeddings = model.text_encoder(ids.to(device)).last_hidden_state
            parts["v"] = training_loss(partial(predicted, model.unet, text_embeddings), scheduler, clean)
            parts["lesson"] = model.lesson(told.to(device), right.to(device), height.to(device))
        run.optimise(parts["v"] + LESSON * parts["lesson"])

    if accelerator.is_main_process:
        save(run.ema, words)
        print("sounds: saved in models/pocket-sounds")
    accelerator.wait_for_everyone()


@torch.no_grad()
def listen(model, words, device, count=24):
    """The share of `count` steady sounds that are within a semitone of the note asked for, and a sheet."""
    rng, asked = np.random.default_rng(1), []
    while len(asked) < count:
        scene = world.sample_scene(rng)
        asked += [scene] * (scene["contour"] == "steady")
    scheduler = DPMSolverMultistepScheduler.from_config(SCHEDULER)
    components = Components(words, model.text_encoder, None, model.unet, scheduler)
    embeddings = encode_prompts(components, [world.caption(scene, rng, "note") for scene in asked])
    noise = torch.randn(count, *SHAPE, generator=torch.Generator().manual_seed(0))
    made = unfold(denoise(components, embeddings, noise.to(device), 3, 12))
    grey = ((made[:, 0].flip(1).cpu().numpy() + 1) / 4).clip(0, 1).repeat(3, 1).repeat(3, 2) * 255
    pictures = np.stack([grey] * 3, -1).astype(np.uint8)
    contact_sheet(pictures, columns=8).save(training.CACHE / "sounds" / "last.png")
    off = [abs(hear(wave)["pitch"] - scene["pitch"]) for wave, scene in zip(to_waves(made), asked)]
    return {"within a semitone": round(float(np.mean(np.array(off) < 1)), 3)}


def save(model, words):
    """Writes U-Net and text encoder in fp16, the tokenizer that it knows, and the scheduler's settings."""
    model = copy.deepcopy(model).cpu().half()
    model.unet.save_pretrained(FOLDER / "unet")
    state = {
        f"text_model.{name.removeprefix('text_model.')}": weight
        for name, weight in model.text_encoder.state_dict().items()
    }
    clip.write(FOLDER / "text_encoder", model.text_encoder.config, "CLIPTextModel", state)
    tokenizer.save(words, FOLDER / "tokenizer")
    (FOLDER / "scheduler").mkdir(exist_ok=True)
    (FOLDER / "scheduler" / "scheduler_config.json").write_text(json.dumps(SCHEDULER, indent=2) + "\n")
