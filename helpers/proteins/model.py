"""Protein chains as angles: real ones, their representation for the loop, and the network that denoises them.

A chain of n residues is (n, 3): the torsion angles phi, psi, omega of its backbone in degrees, -180 to 180;
omega is that of the peptide bond after the residue. models/pocket-proteins/chains.npz holds the angles of
165 chains from 149 entries of the Protein Data Bank (CC0), in whole degrees, each chain with its entry and
first residue. The trained network lies beside it; training/beyond/proteins.py made it.
"""

from types import SimpleNamespace
from zipfile import BadZipFile

import numpy as np
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from torch import nn

from helpers.errors import (
    InputError,
    ModelError,
    as_list,
    check_array,
    check_choice,
    check_device,
    check_tensor,
    check_whole,
    quoted,
    shown,
)
from helpers.machine.disk import named
from helpers.models import ROOT, load_trained
from helpers.proteins.backbones import structure

FOLDER = ROOT / "models" / "pocket-proteins"
LENGTH = 64  # residues of a window, what the network was trained on
WORDS = ("helices", "strands", "both")
SCALE = 2**0.5  # sin² + cos² = 1: their mean square is 1/2, and the noise's is 1


def load_chains(part="training"):
    """The real chains as {"PDB entry:chain:first residue": angles (n, 3)}.

    `part` is "training" or "held out": every eighth entry, which the network never saw.
    """
    part, file = check_choice(part, ("training", "held out"), "part"), FOLDER / "chains.npz"
    try:
        with np.load(file) as kept:
            ends = np.cumsum(kept["lengths"])[:-1]
            chains = dict(zip(kept["names"].tolist(), np.split(kept["angles"].astype(np.float32), ends)))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        cure = "bring it back with `git checkout -- models`"
        raise ModelError(f"{named(file)} is missing or damaged: {cure}.") from error
    entries = sorted({name.split(":")[0] for name in chains})
    held_out = set(entries[::8])
    return {
        name: angles
        for name, angles in chains.items()
        if (name.split(":")[0] in held_out) == (part == "held out")
    }


def windows(chains, stride=LENGTH):
    """All stretches of 64 residues that begin `stride` residues apart: (N, 64, 3)."""
    stride = check_whole(stride, "The stride")
    if not isinstance(chains, dict):
        raise InputError(f"Chains are a dict, as `load_chains` gives it, not {shown(chains)}.")
    angles = [check_array(each, f"The angles of {quoted(name)}", "n, 3") for name, each in chains.items()]
    found = [
        each[start : start + LENGTH] for each in angles for start in range(0, len(each) - LENGTH + 1, stride)
    ]
    if not found:
        raise InputError(f"No chain has {LENGTH} residues: add longer ones.")
    return np.stack(found)


def describe(angles):
    """The word for each window (N, 64, 3): "helices" or "strands" if the other is below 10 %, else "both"."""
    helix, strand = ((structure(angles) == sign).mean(1) for sign in "HE")
    kinds = np.select([(strand < 0.1) & (helix > 0.1), (helix < 0.1) & (strand > 0.1)], [0, 1], 2)
    return [WORDS[kind] for kind in kinds]


def to_latents(angles):
    """Angles (B, n, 3) in degrees as (B, 6, n): sines and cosines, scaled to about the variance of noise.

    On a circle -180° and 180° are one place, so noise may push an angle over that border, or off the circle.
    """
    angles = np.ascontiguousarray(check_array(angles, "The angles", "B, n, 3"))
    radians = torch.as_tensor(angles, dtype=torch.float32).deg2rad().transpose(1, 2)
    return SCALE * torch.cat([radians.sin(), radians.cos()], dim=1)


def to_angles(latents):
    """Back to angles (B, n, 3) in degrees: the direction of each (sine, cosine), however long the arrow."""
    check_tensor(latents, "The latents", "B, 6, n")
    sines, cosines = latents.float().cpu().chunk(2, dim=1)
    return torch.atan2(sines, cosines).rad2deg().transpose(1, 2).numpy()


def encode_words(words):
    """What stands in for text embeddings, (2B, 3): B rows of zeros, then for each word a 1 in its place.

    The words are those of WORDS, or "" for no wish at all.
    """
    words = [check_choice(word, (*WORDS, ""), "word for a chain") for word in as_list(words, "words")]
    if not words:
        raise InputError('No word has no wish: give one for each chain, "" for none at all.')
    wishes = torch.tensor([[float(word == known) for known in WORDS] for word in words])
    return torch.cat([torch.zeros_like(wishes), wishes])


class AngleNet(ModelMixin, ConfigMixin):
    """Predicts the noise in chains (B, 6, n): convolutions along the chain, further apart in each block.

    Called as the loop calls a U-Net, with words (B, 3) as `encode_words` gives them.
    """

    @register_to_config
    def __init__(self, channels=80, dilations=(1, 2, 4, 8, 1, 2, 4, 8)):
        super().__init__()
        self.frequencies = Timesteps(channels, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time = TimestepEmbedding(channels, channels)
        self.word = nn.Linear(len(WORDS), channels, bias=False)
        self.enter = nn.Conv1d(6, channels, 3, padding=1)
        self.blocks = nn.ModuleList(Block(channels, dilation) for dilation in dilations)
        self.leave = nn.Sequential(nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv1d(channels, 6, 3, padding=1))

    def forward(self, sample, timestep, encoder_hidden_states, return_dict=True):
        timesteps = torch.as_tensor(timestep, device=sample.device).expand(len(sample))
        told = self.time(self.frequencies(timesteps).to(sample.dtype))
        told = nn.functional.silu(told + self.word(encoder_hidden_states.to(sample)))
        hidden = self.enter(sample)
        for block in self.blocks:
            hidden = block(hidden, told)
        noise_pred = self.leave(hidden)
        return SimpleNamespace(sample=noise_pred) if return_dict else (noise_pred,)


class Block(nn.Module):
    """Each residue looks at itself and two others, `dilation` residues away; time and word join in."""

    def __init__(self, channels, dilation):
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.told = nn.Linear(channels, channels)
        self.look = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, hidden, told):
        looked = self.look(nn.functional.silu(self.norm(hidden) + self.told(told)[:, :, None]))
        return hidden + self.mix(nn.functional.silu(looked))


def load_protein_net(device="cpu"):
    """The trained network, for the place of the U-Net: `components._replace(unet=load_protein_net())`.

    Raises InputError for a device that isn't here, ModelError where the weights are missing.
    """
    return load_trained(AngleNet, FOLDER, "proteins").to(check_device(device))
