"""Protein chains: angles go to atoms and back, helices look like helices, and the network denoises chains."""

import json

import matplotlib
import numpy as np
import pytest
import torch

import training
from helpers.denoising import denoise
from helpers.errors import InputError, ModelError
from helpers.models import load_components
from helpers.proteins import backbones
from helpers.proteins import model as proteins
from helpers.proteins.ribbons import draw_ribbons, faces
from helpers.seeding import generator, initial_noise
from training import loop
from training.beyond import proteins as stage

HELIX, STRAND = (-63, -43, 180), (-120, 130, 180)


def torsions(atoms):
    """The torsion angles of successive atoms, (m - 3,), measured with cross products alone."""
    one, two, three = (atoms[i : len(atoms) - 3 + i + 1][: len(atoms) - 3] for i in range(3))
    bonds = [two - one, three - two, atoms[3:] - three]
    first, second = np.cross(bonds[0], bonds[1]), np.cross(bonds[1], bonds[2])
    sine = (np.cross(first, second) * backbones.unit(bonds[1])).sum(1)
    return np.degrees(np.arctan2(sine, (first * second).sum(1)))


@pytest.fixture(scope="module")
def real():
    return proteins.windows(proteins.load_chains())


def test_the_built_chain_has_the_angles_that_were_asked_for(real):
    atoms = backbones.build(real[:3])
    for angles, chain in zip(real, atoms):
        found = torsions(chain.reshape(-1, 3))  # psi, omega, phi, psi, omega, phi, ...
        wanted = np.concatenate([angles[:-1, 1:], angles[1:, :1]], axis=1).ravel()
        assert backbones.angle_between(found, wanted).max() < 1e-6


def test_the_built_chain_has_textbook_bonds(real):
    atoms = backbones.build(real[:5]).reshape(5, -1, 3)
    lengths = np.linalg.norm(np.diff(atoms, axis=1), axis=2)
    for first, bond in enumerate((1.458, 1.525, 1.329)):  # N-CA, CA-C, C-N
        assert np.allclose(lengths[:, first::3], bond)
    carbons = backbones.build([[(-63, -43, 180)] * 10])[0, :, 1]
    assert np.linalg.norm(np.diff(carbons, axis=0), axis=1) == pytest.approx(3.8, abs=0.02)


def test_helices_rise_as_in_nature_and_turn_to_the_right():
    carbons = backbones.build([[HELIX] * 40])[0, :, 1]
    axis = backbones.unit(carbons[20:38].mean(0) - carbons[2:20].mean(0))
    rise = np.diff(carbons[2:38] @ axis).mean()
    assert rise == pytest.approx(1.5, abs=0.1)  # Å a residue
    a, b, c, d = carbons[10:14]
    assert np.cross(b - a, c - b) @ (d - c) > 0  # right-handed
    stretched = backbones.build([[STRAND] * 40])[0, :, 1]
    assert np.linalg.norm(stretched[-1] - stretched[0]) / 39 > 3


def test_helices_and_strands_are_named():
    chain = [STRAND] * 6 + [(60, 40, 180)] + [HELIX] * 8 + [(60, 40, 180)] + [HELIX] * 3
    assert "".join(backbones.structure([chain])[0]) == "EEEEEE-HHHHHHHH----"
    assert list(backbones.helix_lengths([chain])) == [8]
    assert "".join(backbones.regions([chain])[0]) == "EEEEEE-HHHHHHHH-HHH"
    assert "".join(backbones.structure([[HELIX] * 3])[0]) == "---"


def test_a_chain_that_runs_into_itself_clashes():
    assert backbones.clashes([[HELIX] * 30, [STRAND] * 30]).tolist() == [0, 0]
    ring = [(0, 0, 0)] * 30  # all torsions 0: the chain goes round in a flat ring
    assert backbones.clashes([ring])[0] > 0
    assert backbones.size([[STRAND] * 30])[0] > 2 * backbones.size([[HELIX] * 30])[0] * 0.9


def test_angles_survive_the_way_to_latents_and_back(real):
    latents = proteins.to_latents(real)
    assert latents.shape == (len(real), 6, proteins.LENGTH)
    assert backbones.angle_between(proteins.to_angles(3 * latents), real).max() < 0.01  # length has no say
    assert latents.square().mean().item() == pytest.approx(1, abs=1e-4)  # as strong as the noise
    over = proteins.to_latents(np.array([[(179.0, 0, 0)], [(-179.0, 0, 0)]]))
    assert (over[0] - over[1]).abs().max() < 0.06  # neighbours on the circle


def test_angles_differ_the_short_way_round():
    assert backbones.angle_between([170, -170, 0, 10], [-170, 170, 180, 30]).tolist() == [20, 20, 180, 20]


def test_no_held_out_chain_was_trained_on():
    train, held_out = proteins.load_chains(), proteins.load_chains("held out")
    assert len(train) > 5 * len(held_out) > 50
    assert not {name[:4] for name in train} & {name[:4] for name in held_out}
    assert all(np.abs(angles).max() <= 180 and len(angles) >= proteins.LENGTH for angles in train.values())
    with pytest.raises(InputError, match="held out"):
        proteins.load_chains("test")


def test_the_distance_of_plots_is_0_for_equal_and_1_for_disjoint_ones(real):
    helices, strands = np.full((3, 64, 3), HELIX), np.full((3, 64, 3), STRAND)
    assert backbones.distance(helices, strands) == pytest.approx(1)
    assert backbones.distance(real, real) == 0
    assert backbones.distance(real[::2], real[1::2]) == backbones.distance(real[1::2], real[::2])
    assert backbones.distance(real, backbones.shuffled(real, 0)) == 0  # the plot doesn't see the order


def test_the_nearest_known_chain_is_itself(real):
    assert backbones.nearest(real[:4], real).max() == 0
    moved = real[:4] + np.array([10, -10, 90])
    assert backbones.nearest(moved, real) == pytest.approx(10)


def test_the_word_of_a_chain():
    found = proteins.describe(np.array([[HELIX] * 64, [STRAND] * 64, [HELIX] * 32 + [STRAND] * 32]))
    assert found == ["helices", "strands", "both"]
    assert proteins.encode_words(["", "strands"]).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 1, 0]]
    with pytest.raises(InputError, match="sheets"):
        proteins.encode_words(["sheets"])


def made(word, guidance_scale, seeds=range(24)):
    components = load_components(device="cpu")._replace(unet=proteins.load_protein_net())
    noise = initial_noise((6, proteins.LENGTH), [generator(seed) for seed in seeds])
    words = proteins.encode_words([word] * len(seeds))
    return proteins.to_angles(denoise(components, words, noise, guidance_scale, 30))


def test_the_loop_makes_helices_strands_and_no_knots(real):
    helices, strands = made("helices", 2), made("strands", 2)
    found = [backbones.structure(each) for each in (helices, strands)]
    shares = {sign: [(each == sign).mean() for each in found] for sign in "HE"}
    assert shares["H"][0] > 0.5 and shares["H"][1] < 0.1
    assert shares["E"][1] > 0.35 and shares["E"][0] < 0.1
    assert np.abs(helices[..., 2]).mean() > 165  # flat peptide bonds


def test_chains_without_a_word_resemble_real_ones(real):
    chains = made("", 1, range(64))
    shuffled = backbones.shuffled(real, 0)
    assert backbones.distance(chains, real) < 0.4
    assert (backbones.structure(chains) == "H").mean() > 2 * (backbones.structure(shuffled) == "H").mean()
    known = proteins.windows(proteins.load_chains(), stride=1)
    assert backbones.nearest(chains[:20], known).min() > 5  # degrees: no copies


def test_the_stage_in_miniature(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(training, "MODELS", tmp_path)
    prepared = stage.prepared
    monkeypatch.setattr(stage, "prepared", lambda part, stride: [each[:28] for each in prepared(part, 64)])
    monkeypatch.setattr(stage, "sample", lambda network, scheduler: np.full((1, 64, 3), HELIX))
    stage.main(loop.Settings(steps=2, batch=4, lr=1e-3, precision="no"))
    facts = json.loads((tmp_path / "pocket-proteins" / "training.json").read_text())
    assert facts["steps"] == 2 and facts["in helices"] == 1
    monkeypatch.setattr(proteins, "FOLDER", tmp_path / "pocket-proteins")
    assert proteins.load_protein_net().dtype == torch.float32


def test_missing_weights_are_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(proteins, "FOLDER", tmp_path)
    with pytest.raises(ModelError, match="python -m training proteins"):
        proteins.load_protein_net()
    with pytest.raises(
        ModelError, match="chains.npz is missing or damaged: bring it back with `git checkout"
    ):
        proteins.load_chains()


def test_a_device_that_is_not_here_and_words_that_are_none_are_said_in_one_sentence():
    with pytest.raises(InputError, match="There is no device 'no such' here"):
        proteins.load_protein_net("no such")
    for wrong in (None, "helices", 3, ["spirals"], ["\ud83d"], [None], []):
        with pytest.raises(InputError) as caught:
            proteins.encode_words(wrong)
        str(caught.value).encode()
    for wrong in ("test", None, np.array(["training", "held out"])):
        with pytest.raises(InputError, match='There is no part .*: take "training" or "held out"'):
            proteins.load_chains(wrong)


def test_ribbons_are_turned_not_mirrored():
    atoms, signs = backbones.build([[HELIX] * 20])[0], np.array(["-"] * 20)
    corners, _ = faces(atoms, signs)
    middle = corners.reshape(10, -1, 4, 3).mean((0, 2))[::8]  # the path, at every residue
    a, b, c, d = middle[8:12]
    assert np.cross(b - a, c - b) @ (d - c) > 0  # still a right-handed coil


def test_each_chain_gets_a_panel():
    figure = draw_ribbons(np.array([[HELIX] * 20, [STRAND] * 20, [(-60, 140, 180)] * 20]), ["a", "b", "c"])
    assert isinstance(figure, matplotlib.figure.Figure) and len(figure.axes) == 3
    assert [len(panel.collections) for panel in figure.axes] == [1, 1, 1]
    assert torch.is_grad_enabled()
