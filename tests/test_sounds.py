"""Sounds: they have the pitch asked for, survive the way to a picture and back, play, and the model obeys."""

import io
import shutil
import wave

import numpy as np
import pytest
import torch

import training
from helpers.errors import InputError, ModelError
from helpers.sound.hearing import hear, recognise
from helpers.sound.model import (
    BANDS,
    FOLDER,
    FRAMES,
    band_edges,
    fold,
    load_sounds,
    make_sounds,
    to_spectrogram,
    to_waves,
    unfold,
)
from helpers.sound.player import Player, play, show_spectrograms, to_wav
from training import loop
from training.beyond import sounds as stage
from worlds import sounds as world

SCENES = [
    {"kind": "whistle", "pitch": 76, "contour": "rising"},
    {"kind": "reed", "pitch": 50, "contour": "steady"},
    {"kind": "string", "pitch": 60, "contour": "falling"},
    {"kind": "bell", "pitch": 81, "contour": "trembling"},
    {"kind": "voice", "pitch": 55, "contour": "steady", "vowel": "ah", "onset": "m"},
    {"kind": "voice", "pitch": 62, "contour": "rising", "vowel": "ee", "onset": ""},
    {"kind": "voice", "pitch": 67, "contour": "trembling", "vowel": "oo", "onset": "l"},
]


@pytest.fixture(scope="module")
def true():
    return np.stack([world.synthesise(scene, np.random.default_rng(i)) for i, scene in enumerate(SCENES)])


@pytest.fixture(scope="module")
def components():
    return load_sounds()


def test_notes_have_the_usual_names_and_frequencies():
    assert [world.note(pitch) for pitch in (48, 61, 69, 83)] == ["C3", "C sharp 4", "A4", "B5"]
    assert world.hertz(69) == 440 and world.hertz(57) == 220


def test_sounds_are_a_second_long_loud_enough_and_never_clipped(true):
    assert true.shape == (len(SCENES), world.SAMPLES) and true.dtype == np.float32
    assert (abs(true).max(1) <= 1).all() and (abs(true).max(1) > 0.4).all()


@pytest.mark.parametrize("way", ["as they are", "there and back"])
def test_a_sound_is_heard_as_what_it_is(true, way):
    waves = true if way == "as they are" else to_waves(to_spectrogram(true))
    for sound, scene in zip(waves, SCENES):
        heard = hear(sound)
        assert abs(heard["pitch"] - scene["pitch"]) < 0.3 and heard["contour"] == scene["contour"], scene
        assert recognise(sound)["kind"] == scene["kind"], scene


def test_silence_has_no_pitch_and_is_no_thing():
    assert np.isnan(hear(np.zeros(world.SAMPLES))["pitch"]) and recognise(np.zeros(world.SAMPLES)) is None


def test_spectrograms_are_deterministic_and_folding_loses_nothing(true):
    spectrograms = to_spectrogram(true)
    assert spectrograms.shape == (len(SCENES), 1, BANDS, FRAMES)
    assert torch.equal(unfold(fold(spectrograms)), spectrograms)
    assert np.array_equal(to_waves(spectrograms[:1]), to_waves(spectrograms[:1]))


def test_a_pure_tone_is_loudest_in_the_band_that_holds_it():
    tone = np.sin(2 * np.pi * 1000 * np.arange(world.SAMPLES) / world.RATE)[None]
    band = to_spectrogram(tone)[0, 0, :, FRAMES // 2].argmax()
    assert band_edges()[band] < 1000 < band_edges()[band + 2]


@pytest.mark.parametrize("waves", [np.zeros(world.SAMPLES), np.zeros((2, 100))])
def test_waveforms_of_another_shape_get_a_clear_sentence(waves):
    with pytest.raises(InputError, match="waveforms must have the shape .B, 8192., not"):
        to_spectrogram(waves)


def test_spectrograms_of_another_shape_get_a_clear_sentence():
    with pytest.raises(InputError, match="spectrograms must have the shape .B, 1, 64, 32., not"):
        to_waves(torch.zeros(1, 4, 32, 16))


def test_captions_name_what_they_should():
    rng = np.random.default_rng(0)
    for _ in range(300):
        scene = world.sample_scene(rng)
        text = world.caption(scene, rng, "note", whole=True)
        assert any(word in text or word == "" for word in world.WORDS[scene["contour"]]), text
        assert scene["kind"] != "voice" or text.split(" on ")[0].split(" from ")[0].split()[-1].strip(",")
        assert text[-1] == str(scene["pitch"] // 12 - 1), text
        assert scene["kind"] != "voice" or world.syllable(scene) in text, text


def test_training_sees_no_held_out_scene_and_enough_are_held_out():
    rng = np.random.default_rng(0)
    assert not any(world.held_out(stage.training_scene(rng)) for _ in range(300))
    assert 0.08 < np.mean([world.held_out(world.sample_scene(rng)) for _ in range(1000)]) < 0.25


def test_the_text_encoders_lesson_has_an_answer_for_every_scene():
    rng = np.random.default_rng(0)
    for _ in range(200):
        numbers = stage.answers(world.sample_scene(rng))
        assert all(0 <= n < size for n, size in zip(numbers, stage.ANSWERS.values(), strict=True))


def test_a_player_is_a_wav_that_others_can_read_and_says_what_it_plays(true):
    with wave.open(io.BytesIO(to_wav(true[0], world.RATE))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, world.RATE)
        samples = np.frombuffer(file.readframes(world.SAMPLES), "<i2")
    assert np.allclose(samples / 32767, true[0], atol=1e-4)
    player = Player(b"", 'a "low" hum')
    assert repr(player) == 'a "low" hum' and 'aria-label="a &quot;low&quot; hum"' in player._repr_html_()
    assert 'src="data:audio/wav;base64,' in player._repr_html_()


@pytest.mark.parametrize("bad", [np.zeros((2, 8)), np.zeros(0), np.array([0, np.nan])])
def test_what_is_no_sound_is_not_played(bad):
    with pytest.raises(InputError, match="one sound"):
        play(bad, world.RATE, "a sound")


def test_sounds_and_spectrograms_need_their_words(true):
    with pytest.raises(InputError, match="alt text"):
        play(true[0], world.RATE, "")
    with pytest.raises(InputError, match="give each one title"):
        show_spectrograms(to_spectrogram(true), ["one"], "spectrograms")


def test_the_weights_are_small_and_missing_ones_say_how_to_train_them(tmp_path):
    assert sum(file.stat().st_size for file in FOLDER.rglob("*.safetensors")) < 950_000
    with pytest.raises(ModelError, match="python -m training sounds"):
        load_sounds(tmp_path)


@pytest.mark.parametrize("part", ["tokenizer", "scheduler", "unet", "text_encoder"])
def test_a_part_that_is_missing_is_said_and_not_looked_for_on_the_hub(tmp_path, monkeypatch, part):
    shutil.copytree(FOLDER, tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert load_sounds("mine").unet
    shutil.rmtree(tmp_path / "mine" / part)
    with pytest.raises(ModelError, match=f"mine/{part}.*: run `python -m training sounds`"):
        load_sounds("mine")


def test_one_prompt_or_one_seed_serves_all_sounds(components):
    two = make_sounds(components, "a bell on A4", [3, 4], 2)
    assert torch.equal(two, make_sounds(components, ["a bell on A4"] * 2, [3, 4], 2))
    assert torch.equal(
        make_sounds(components, "a bell on A4", 3, 2), make_sounds(components, ["a bell on A4"], [3], 2)
    )
    with pytest.raises(InputError, match="The prompt is empty"):
        make_sounds(components, "", 3)


def test_the_model_makes_the_note_that_it_is_asked_for(components):
    notes = {
        "a reed on A4": 69,
        "a steady whistle on E5": 76,
        "a string on D4": 62,
        "a bell on C5": 72,
        "a low voice says ah on G3": 55,
        "a clarinet on F#4": 66,
    }
    waves = to_waves(make_sounds(components, list(notes), list(range(6))))
    off = [abs(hear(sound)["pitch"] - pitch) for sound, pitch in zip(waves, notes.values())]
    assert sum(each < 1 for each in off) >= 5, off


def test_a_sound_of_its_own_is_the_same_in_a_batch(components):
    alone = make_sounds(components, ["a bell on A4"], [3])
    together = make_sounds(components, ["a low hum", "a bell on A4"], [2, 3])
    torch.testing.assert_close(alone[0], together[1], atol=1e-3, rtol=1e-3)


def test_it_can_be_trained_again_and_keeps_the_tokenizer_that_it_learned_with(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(stage, "FOLDER", tmp_path / "sounds")
    monkeypatch.setattr(stage, "SOUNDS", 100)
    stage.main(loop.Settings(steps=2, batch=2, lr=1e-3, precision="no"))
    for folder in (FOLDER, tmp_path / "sounds"):
        parts = load_sounds(folder)
        assert len(parts.tokenizer) == parts.text_encoder.config.vocab_size
