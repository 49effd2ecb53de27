"""Proteins, video, sound: their notebooks' loop is the loop, and readers bring files of their own."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler
from PIL import Image
from scipy.io import wavfile

from helpers import denoising
from helpers.errors import InputError, Stopped
from helpers.lesson import trainings
from helpers.proteins import backbones
from helpers.proteins import files as protein_files
from helpers.proteins import model as proteins
from helpers.seeding import generator, initial_noise
from helpers.sound import files as sound_files
from helpers.sound import model as sounds
from helpers.sound.hearing import hear
from helpers.video import files as video_files
from helpers.video import model as videos
from helpers.video.player import load_drawn
from helpers.video.ruler import turn
from worlds.sounds import RATE, SAMPLES

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
NAMES = ("12_proteins", "13_video", "14_sound")


def loop_of(name):
    """The cell of a notebook in which the loop stands."""
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    (source,) = [cell.source for cell in cells if "def denoise(" in cell.source]
    return source


def test_the_loop_is_word_for_word_the_same_in_all_three():
    assert len({loop_of(name) for name in NAMES}) == 1


def proteins_case():
    network = proteins.load_protein_net()
    return network, proteins.encode_words(["helices", "both"]), (6, 64)


def video_case():
    model = videos.load_video_model()
    return model.unet, denoising.encode_prompts(model, ["a giant lava planet", "a planet"]), (4, 2, 16, 16)


def sound_case():
    model = sounds.load_sounds()
    return model.unet, denoising.encode_prompts(model, ["a reed on A4", "a low hum"]), sounds.SHAPE


@pytest.mark.parametrize("case", [proteins_case, video_case, sound_case])
def test_it_gives_what_the_helpers_loop_gives(case):
    network, conditions, shape = case()
    components = sounds.load_sounds()._replace(unet=network)
    kind = "v_prediction" if case is sound_case else "epsilon"
    scheduler = DPMSolverMultistepScheduler.from_config(components.scheduler.config, prediction_type=kind)
    noise = initial_noise(shape, [generator(0), generator(1)])
    names = {"torch": torch}
    exec(compile(loop_of(NAMES[0]), "loop", "exec"), names)
    by_hand = names["denoise"](network, conditions, noise, 3, 3, scheduler)
    theirs = denoising.denoise(components, conditions, noise, 3, 3, scheduler)
    torch.testing.assert_close(by_hand, theirs)


def test_a_backbone_survives_the_way_to_a_file_and_back(tmp_path):
    chains = dict(list(proteins.load_chains("held out").items())[:2])
    for i, angles in enumerate(chains.values()):
        protein_files.write_backbone(angles, tmp_path / f"{i}.pdb")
    for angles, found in zip(chains.values(), protein_files.read_backbones(tmp_path).values()):
        assert found.shape == (len(angles) - 2, 3)  # the first and the last residue lack a neighbour
        assert backbones.angle_between(found, angles[1:-1]).max() < 0.5


def test_a_chain_ends_where_residues_are_missing_and_alternatives_count_once(tmp_path):
    angles = np.full((150, 3), (-63, -43, 180.0))
    protein_files.write_backbone(angles, tmp_path / "a.pdb")
    lines = (tmp_path / "a.pdb").read_text().splitlines()
    gap = [line for line in lines if line[22:26].strip() not in ("71", "72")]
    other = [line[:16] + "B" + line[17:30] + "   0.000" + line[38:] for line in gap if line[:4] == "ATOM"]
    (tmp_path / "a.pdb").write_text("\n".join([*gap[:-2], *other]))
    assert {name: len(found) for name, found in protein_files.read_backbones(tmp_path).items()} == {
        "a:A:2": 68,
        "a:A:74": 76,
    }


@pytest.mark.parametrize("residues, message", [(None, "No PDB file"), (40, "has 38 residues")])
def test_a_folder_without_chains_gets_one_sentence(tmp_path, residues, message):
    if residues:
        protein_files.write_backbone(np.zeros((residues, 3)), tmp_path / "a.pdb")
    with pytest.raises(InputError, match=message):
        protein_files.read_backbones(tmp_path)


def test_sounds_are_brought_to_the_models_rate_and_cut_into_seconds(tmp_path):
    seconds = np.arange(2 * 22_050) / 22_050
    wave = 0.3 * np.sin(2 * np.pi * 440 * seconds)
    wavfile.write(tmp_path / "stereo.wav", 22_050, np.stack([wave, wave], 1).astype(np.float32))
    wavfile.write(tmp_path / "bytes.wav", 22_050, (128 + 127 * wave[:22_050]).astype(np.uint8))
    found = sound_files.read_sounds(tmp_path)
    assert found.shape == (3, SAMPLES) and found.dtype == np.float32 and np.abs(found).max() <= 1
    assert all(abs(hear(wave)["pitch"] - 69) < 0.1 for wave in found)


def test_what_is_no_sound_gets_one_sentence(tmp_path):
    with pytest.raises(InputError, match="No WAV file"):
        sound_files.read_sounds(tmp_path)
    (tmp_path / "a.wav").write_bytes(b"RIFF nothing")
    with pytest.raises(InputError, match='"a.wav" can\'t be read'):
        sound_files.read_sounds(tmp_path)
    wavfile.write(tmp_path / "a.wav", RATE, np.zeros(RATE, np.int16))
    with pytest.raises(InputError, match='"a.wav" is silent'):
        sound_files.read_sounds(tmp_path)


def test_a_gif_and_a_folder_of_frames_become_a_video(tmp_path):
    drawn = load_drawn()[3]
    drawn[0].save(tmp_path / "a.gif", save_all=True, append_images=drawn[1:])
    (tmp_path / "frames").mkdir()
    for i, frame in enumerate(drawn):
        frame.resize((256, 200)).save(tmp_path / "frames" / f"{i}.png")
    for path in (tmp_path / "a.gif", tmp_path / "frames"):
        video = video_files.read_video(path)
        assert [frame.size for frame in video] == [(128, 128)] * 8
    assert abs(turn(video_files.read_video(tmp_path / "a.gif"))[0] - 10) < 3
    assert len(video_files.read_video(tmp_path / "a.gif", frames=3)) == 3


def test_what_is_no_video_gets_one_sentence(tmp_path):
    with pytest.raises(InputError, match="There is no"):
        video_files.read_video(tmp_path / "a.gif")
    (tmp_path / "a.mp4").write_bytes(b"film")
    with pytest.raises(InputError, match="save the video as a GIF"):
        video_files.read_video(tmp_path / "a.mp4")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="has 1 frames, and 8 are needed"):
        video_files.read_video(tmp_path / "a.png")


def test_the_new_layers_can_be_trained_after_a_video_was_encoded():
    model = videos.load_video_model()
    latents = video_files.encode_video(model, load_drawn()[0])
    assert latents.shape == (1, 4, 8, 16, 16)
    model.unet.layers.requires_grad_(True)
    model.unet(latents, torch.tensor(500), torch.zeros(1, 77, 128)).sample.sum().backward()
    assert all(weight.grad is not None for weight in model.unet.layers.parameters())
    with pytest.raises(InputError, match="read_video"):
        video_files.encode_video(model, [Image.new("RGB", (64, 64))])


def test_progress_counts_and_a_stop_lets_the_step_finish(capsys):
    assert list(trainings.progress(3)) == [0, 1, 2]
    assert "of 3" in capsys.readouterr().out
    done = []
    with pytest.raises(Stopped, match="goes on from there"):
        for step in trainings.progress(5):
            if step == 1:
                import signal

                signal.raise_signal(signal.SIGINT)
            done.append(step)
    assert done == [0, 1]
