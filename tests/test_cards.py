"""The models' cards: each folder of models/ has one, what it shows runs, and its figures are in files."""

import json
import re
from pathlib import Path

import pytest

from helpers.lesson.measured import load_measured

ROOT = Path(__file__).parent.parent
MODELS = ROOT / "models"
CARDS = sorted(folder / "README.md" for folder in MODELS.iterdir() if folder.is_dir())
IN_EACH = ("Use", "Training", "What was measured", "Licence")


def named(card):
    return card.parent.name


def text(name):
    return (MODELS / name / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("card", CARDS, ids=named)
def test_every_model_has_a_card_with_what_a_reader_looks_for(card):
    said = card.read_text(encoding="utf-8")
    assert said.startswith("---\nlicense: ")
    headings = re.findall(r"^## (.+)$", said, re.MULTILINE)
    assert set(IN_EACH) <= set(headings) and {"Limits", "What it can't do"} & set(headings)


@pytest.mark.parametrize("card", CARDS, ids=named)
def test_what_a_card_names_is_there(card):
    said = card.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", said):
        assert link.startswith("https://") or (card.parent / link).exists(), link
    for place in re.findall(r"`((?:docs|helpers|models|training|worlds)/[\w/.-]+)`", said):
        assert (ROOT / place).exists(), place


@pytest.mark.parametrize("card", CARDS, ids=named)
def test_the_lines_under_use_run(card, tmp_path, monkeypatch):
    (tmp_path / "models").symlink_to(MODELS)
    monkeypatch.chdir(tmp_path)  # some write a file
    [code] = re.findall(r"```python\n(.*?)```", card.read_text(encoding="utf-8"), re.DOTALL)
    found = {}
    exec(re.sub(r"num_inference_steps=\d+", "num_inference_steps=2", code), found)
    if "shares" in found:  # pocket-clip's
        assert found["shares"].argmax(1).tolist() == list(range(8))


def test_the_figures_of_the_sounds_are_the_measured_ones():
    results, card = load_measured("sounds"), text("pocket-sounds")
    for name, row in results["rows"].items():
        names = ("semitone", "half_semitone", "median_cents", "contour", "kind", "vowel", "onset")
        cells = " | ".join(f"{row[each]:g}" for each in names)
        assert f"| {name.replace('w =', '*w* =')} | {cells} |" in card
        assert row["count"] == (120 if name == "held out" else 240)
    told = results["register"]
    assert f"Of {told['count']} sounds whose caption" in " ".join(card.split())
    assert f"a share of {told['right']:g} lies there" in card


def test_the_figures_of_clip_are_the_measured_ones():
    for question, row in load_measured("clip").items():
        cells = f"{row['rate']:g} ({row['low']:g}–{row['high']:g}) | {row['chance']:g} | {row['n']}"
        assert f"| {question} | {cells} |" in text("pocket-clip")


def test_the_figures_of_the_trainings_are_the_recorded_ones():
    runs = json.loads((MODELS / "pocket-planets" / "training.json").read_text(encoding="utf-8"))
    [clip], [judge] = ([run for run in runs if run["stage"] == stage] for stage in ("clip", "judge"))
    assert f"{clip['steps']:,} steps of {clip['batch']} pictures" in " ".join(text("pocket-clip").split())
    card, last = text("pocket-judge"), judge["reports"][-1]
    for row in (
        f"steps | {judge['steps']:,}",
        f"pictures a step | {judge['batch']}",
        f"minutes, of one core | {judge['minutes']:.3g}",
        f"500 new renders, all attributes | {last['accuracy']:.4f}",
        f"300 new renders with faults, all attributes | {last['with_faults']:.4f}",
        f"the same, rings | {last['rings']:.3f}",
        f"the same, number of moons | {last['moons']:.3f}",
    ):
        assert f"| {row} |" in card
    card = text("pocket-proteins")
    facts = json.loads((MODELS / "pocket-proteins" / "training.json").read_text(encoding="utf-8"))
    for row in (
        f"steps | {facts['steps']:,}",
        f"stretches a step | {facts['batch']}",
        f"loss on stretches that it learned from | {facts['loss']}",
        f"loss on stretches of held-out chains | {facts['held-out loss']}",
    ):
        assert f"| {row} |" in card
    assert f"made without a word | {facts['in helices']} |" in card


def test_the_figures_of_the_two_spaces_are_the_measured_ones():
    results, card = load_measured("spaces"), text("pocket-spaces")
    drawn = results["drawn"]
    ends = {space: results[space]["end"] for space in ("latents", "pixels")}
    ends["drawn pictures through the VAE"] = drawn["reconstructions"]["end"]
    ends["drawn pictures"] = drawn["renders"]["end"]
    for name, end in ends.items():
        rates = f"{end['attributes_right']['rate']:g} | {end['all_right']['rate']:g}"
        assert f"| {name} | {rates} | {end['frechet_distance']:g} |" in card


@pytest.mark.parametrize("name, measured", [("pocket-video", "video"), ("pocket-spaces", "spaces")])
def test_a_card_sends_to_the_file_that_is_measured_anew(name, measured):
    assert f"](../../docs/measured/{measured}.json)" in text(name)
