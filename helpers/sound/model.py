"""Sounds as pictures: a mel spectrogram there, a waveform back, the pocket sound model, and a player.

A spectrogram says how loud each frequency is at each time. The phases are lost on the way; Griffin & Lim's
method finds some that fit. Waveforms are float32 arrays (B, 8192) from -1 to 1, `RATE` samples a second.
"""

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DPMSolverMultistepScheduler, PNDMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from helpers.denoising import denoise, encode_prompts, one_each
from helpers.errors import check_array, check_path, check_prompt, check_tensor, check_whole
from helpers.machine.weights import by_training, load_part
from helpers.models import ROOT, Components, load_trained
from helpers.seeding import generator, initial_noise
from worlds.sounds import RATE, SAMPLES

FOLDER = ROOT / "models" / "pocket-sounds"
BANDS, FRAMES = 64, 32
PLACES = 10  # channels that tell the U-Net how high up a row lies
SPECTROGRAMS = f"B, 1, {BANDS}, {FRAMES}"  # their shape
SHAPE = (4, BANDS // 2, FRAMES // 2)  # of a spectrogram as the U-Net takes it
WINDOW, HOP = 512, SAMPLES // FRAMES  # samples: 64 ms of sound in each frame, a frame every 32 ms
FINER = 2  # frames for each of the spectrogram's on the way back: Griffin & Lim's method needs an overlap
FLOOR = -50.0  # decibels; what is softer counts as silence
MIDDLE, SPREAD = -40.0, 15.0  # the decibels that become 0, and those that make 1
LOWEST_HZ = 60
STEPS, GUIDANCE_SCALE = 20, 3.0  # that suit this model


def mel(frequency):
    """The mel scale, in which equal steps sound about equally large: 2595 log10(1 + f / 700 Hz)."""
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)


def from_mel(mels):
    """The frequency in Hz of a value on the mel scale."""
    return 700 * (10 ** (np.asarray(mels) / 2595) - 1)


def band_edges():
    """BANDS + 2 frequencies in Hz: band b rises from edge b to its middle, edge b + 1, falls to b + 2."""
    return from_mel(np.linspace(mel(LOWEST_HZ), mel(RATE / 2), BANDS + 2))


def filters():
    """The mel bands as triangles over the transform's frequencies: a tensor (BANDS, WINDOW // 2 + 1)."""
    frequencies, edges = np.fft.rfftfreq(WINDOW, 1 / RATE), band_edges()[:, None]
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return torch.from_numpy(np.clip(np.minimum(rising, falling), 0, None)).float()


def transform(waves, hop):
    """The short-time Fourier transform of (B, 8192): complex (B, WINDOW // 2 + 1, frames), each `hop`."""
    window = torch.hann_window(WINDOW)
    return torch.stft(waves, WINDOW, hop, window=window, pad_mode="constant", return_complex=True)


def to_spectrogram(waves):
    """Waveforms (B, 8192) -> log-mel spectrograms, a float32 tensor (B, 1, 64, 32), lowest band first.

    0 stands for -40 decibels, 1 for 15 decibels more; what is softer than -50 decibels is cut off there.
    """
    waves = torch.as_tensor(check_array(waves, "The waveforms", f"B, {SAMPLES}"), dtype=torch.float32)
    magnitudes = transform(waves, HOP)[..., :FRAMES].abs() / (WINDOW / 2)
    decibels = 20 * torch.log10(filters() @ magnitudes + 1e-9)
    return ((decibels.clamp(min=FLOOR) - MIDDLE) / SPREAD)[:, None]


def fold(spectrograms):
    """Spectrograms (B, 1, 64, 32) -> (B, 4, 32, 16): of each 2 x 2 cells, four channels. Nothing is lost.

    Like a VAE's latents, this has fewer places and more channels: the U-Net learns twice as fast.
    """
    check_tensor(spectrograms, "The spectrograms", SPECTROGRAMS)
    return F.pixel_unshuffle(spectrograms, 2)


def unfold(folded):
    """(B, 4, 32, 16) -> spectrograms (B, 1, 64, 32): what `fold` did, undone."""
    check_tensor(folded, "What is unfolded", "B, " + ", ".join(map(str, SHAPE)))
    return F.pixel_shuffle(folded, 2)


def to_magnitudes(spectrograms, rounds=30):
    """Log-mel spectrograms (B, 1, 64, 32) -> magnitudes (B, WINDOW // 2 + 1, 65), none below zero.

    64 bands can't say what 257 frequencies were: this is one answer that fits, found step by step (Lee &
    Seung 2001, "Algorithms for non-negative matrix factorization", theorem 1, with the bands held fixed).
    """
    finer = F.interpolate(spectrograms[:, 0].float().cpu(), FINER * FRAMES, mode="linear")
    decibels = F.pad(finer, (0, 1), mode="replicate") * SPREAD + MIDDLE
    bands = torch.where(decibels > FLOOR + 2, 10 ** (decibels / 20), 0) * (WINDOW / 2)
    weights = filters()
    found, wanted = weights.T @ bands, weights.T @ bands
    for _ in range(rounds):
        found = found * wanted / (weights.T @ (weights @ found) + 1e-9)
    return found


def to_waves(spectrograms, rounds=60, seed=0):
    """Log-mel spectrograms (B, 1, 64, 32) -> waveforms, float32 (B, 8192), by Griffin & Lim's method.

    (1984, doi:10.1109/TASSP.1984.1164317.) From random phases to a waveform, and back to a spectrogram: its
    phases are kept, its magnitudes replaced by the wanted ones; and again.
    """
    check_tensor(spectrograms, "The spectrograms", SPECTROGRAMS)
    rounds, random = check_whole(rounds, "The number of rounds", most=10_000), generator(seed)
    magnitudes, window = to_magnitudes(spectrograms), torch.hann_window(WINDOW)
    random = torch.rand(magnitudes.shape[1:], generator=random)
    phases, last = torch.polar(torch.ones_like(random), 2 * torch.pi * random), 0
    for _ in range(rounds):
        waves = torch.istft(magnitudes * phases, WINDOW, HOP // FINER, window=window, length=SAMPLES)
        now = transform(waves, HOP // FINER)
        ahead, last = now + 0.99 * (now - last), now  # Perraudin et al. 2013, doi:10.1109/WASPAA.2013.6701851
        phases = ahead / (ahead.abs() + 1e-9)
    return (waves / waves.abs().amax(1, keepdim=True).clamp(min=1)).numpy()


def place_code(heights):
    """Heights (n,) in the picture, 0 its bottom and 1 its top -> (PLACES, n): waves from long to short.

    Each height has a code of its own, as each timestep and each word's place have in other networks.
    """
    turns = torch.pi * 2.0 ** torch.arange(PLACES // 2)[:, None]
    return torch.cat([torch.sin(turns * heights), torch.cos(turns * heights)])


class SoundUNet(UNet2DConditionModel):
    """A U-Net that also sees how high up each row lies, in PLACES more channels that come in.

    A convolution does the same everywhere and hardly knows where it is (Liu et al. 2018, 1807.03247): fine
    for planets, bad for notes, where the row is the pitch.
    """

    def forward(self, sample, timestep, encoder_hidden_states, **options):
        rows = place_code(torch.linspace(0, 1, sample.shape[2]))[None, :, :, None]
        places = rows.to(sample).expand(len(sample), -1, -1, sample.shape[3])
        return super().forward(torch.cat([sample, places], 1), timestep, encoder_hidden_states, **options)


def load_sounds(folder=FOLDER):
    """The pocket sound model's parts, for `encode_prompts` and `denoise`, in float32, on the CPU.

    It has no VAE, and the scheduler is DPM++ 2M. The tokenizer is the one that training/beyond/sounds.py
    trained it with. Raises ModelError where a part is missing or damaged.
    """
    folder, mend = check_path(folder), by_training("sounds")
    text_encoder = load_trained(CLIPTextModel, folder / "text_encoder", "sounds")
    unet = load_trained(SoundUNet, folder / "unet", "sounds")
    tokenizer = load_part(CLIPTokenizer, folder / "tokenizer", mend)
    tokenizer.model_max_length = text_encoder.config.max_position_embeddings
    scheduler = load_part(PNDMScheduler, folder / "scheduler", mend)
    scheduler = DPMSolverMultistepScheduler.from_config(scheduler.config)
    return Components(tokenizer, text_encoder, None, unet, scheduler)


@torch.no_grad()
def make_sounds(components, prompts, seeds, num_inference_steps=STEPS, guidance_scale=GUIDANCE_SCALE):
    """Spectrograms (B, 1, 64, 32), one for each prompt and seed, by the loop that notebook 05 writes.

    `prompts` and `seeds` are each one value or a list; one value serves all. Raises InputError for what can't
    work.
    """
    prompts, seeds = one_each(prompts, seeds)
    prompts = [check_prompt(prompt) for prompt in prompts]
    noise = initial_noise(SHAPE, [generator(seed) for seed in seeds])
    text_embeddings = encode_prompts(components, prompts)
    return unfold(denoise(components, text_embeddings, noise, guidance_scale, num_inference_steps))
