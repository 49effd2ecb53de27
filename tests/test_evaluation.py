"""What the evaluation reports: the training's runs, faults that were found, pictures that were looked at."""

import json
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

import training
from measure.training import by_stage
from training.evaluation import card, evaluate, eyes, report, runs, viewers, workers
from training.pocket import data
from worlds import planets, seeds

MACHINE = {"cpu": "a processor", "cores": 2}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(runs, "FILE", tmp_path / "training.json")
    return runs.FILE


def log(stage, began, steps, **facts):
    folder = training.CACHE / stage
    folder.mkdir(parents=True, exist_ok=True)
    head = {"began": began, "processes": 2, "batch": 8, **facts}
    reports = [{"step": step, "minutes": step / 10, "loss": 1 / step} for step in steps]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [head, *reports]))


def test_a_training_that_went_on_elsewhere_is_told_run_by_run(kept):
    log("unet", "monday", [10, 20])
    log("vae", "monday", [5])
    assert [run["samples"] for run in runs.recorded(MACHINE)] == [80, 320]
    log("unet", "monday", [10, 20, 30])
    log("unet", "tuesday", [], warm=True)  # it has no report yet, and takes the other's place in the cache
    assert [run["steps"] for run in runs.recorded(MACHINE)] == [5, 20]
    log("unet", "tuesday", [40], warm=True)
    assert [run["steps"] for run in runs.recorded(MACHINE | {"cores": 4})] == [5, 20, 40]
    found = json.loads(kept.read_text())
    assert [run["machine"]["cores"] for run in found] == [2, 2, 4]
    assert found[-1]["reports"] == [{"step": 40, "minutes": 4, "loss": 0.025}]


def test_a_training_that_starts_anew_takes_the_place_of_the_earlier_ones(kept):
    log("unet", "monday", [10])
    log("cooled", "monday", [4], warm=True)
    log("vae", "monday", [3])
    log("cooled", "tuesday", [5], warm=True)
    assert [run["steps"] for run in runs.recorded(MACHINE)] == [3, 10, 5]
    log("cooled", "wednesday", [6], warm=True)
    assert [run["steps"] for run in runs.recorded(MACHINE)] == [3, 10, 5, 6]
    (training.CACHE / "cooled" / "log.jsonl").unlink()
    log("unet", "thursday", [40])
    assert [run["began"] for run in runs.recorded(MACHINE)] == ["monday", "thursday"]


def test_what_a_stage_took_is_summed_up_and_what_was_not_kept_is_said(kept):
    log("vae", "monday", [5])
    log("unet", "monday", [10])
    runs.recorded(MACHINE)
    log("unet", "tuesday", [40], warm=True)
    found = runs.recorded(MACHINE)
    found[1]["minutes"] = None  # as of a run whose log was lost
    stages = by_stage(found)
    assert list(stages) == ["vae", "unet"] and [run["began"] for run in stages["unet"]["runs"]] == [
        "monday",
        "tuesday",
    ]
    sums = ("steps", "samples", "timed_samples", "minutes", "core_minutes")
    assert [stages["vae"][name] for name in sums] == [5, 80, 80, 0.5, 1]
    assert [stages["unet"][name] for name in sums] == [50, 800, 640, 4, 8]
    assert card.minutes_in_all(found) == "at least 4 minutes in all"
    assert card.minutes_in_all([found[0], found[2]]) == "4 minutes in all"
    assert "| unet | not kept | 10 | 160 |" in card.training_table(found)


def test_a_judge_that_sees_all_faults_finds_all_and_gives_no_false_alarm():
    faults = list(seeds.EYES_FAULTS[:24])
    rows = np.stack([planets.encode_judged(planets.draw_faulty(seed)[1]) for seed in faults])
    for found in evaluate.faults_seen(rows, faults).values():
        assert found["found"]["rate"] == 1 and found["false_alarms"]["rate"] == 0
        assert found["found"]["n"] + found["false_alarms"]["n"] == 24
    blind = evaluate.faults_seen(np.zeros_like(rows), faults)["broken rings"]
    assert blind["found"]["rate"] == 0


def test_what_was_looked_at_belongs_to_the_weights_that_painted_it(tmp_path, monkeypatch):
    monkeypatch.setattr(viewers, "FILE", tmp_path / "viewers.json")
    new = viewers.listed()
    assert len(new["pictures"]) == viewers.PICTURES and new == viewers.listed()
    unseen = viewers.found(new["pictures"])
    assert unseen == {"looked_at": 0, "whole": None, "broken": []}
    assert card.viewers_words(unseen) == "Nobody has looked at pictures of these weights yet."
    for each, what in zip(new["pictures"], ("", "a dented moon", "a dented moon", "")):
        each["broken"] = what
    viewers.FILE.write_text(json.dumps(new))
    found = viewers.found(viewers.listed()["pictures"])
    assert found["looked_at"] == 4 and found["whole"]["rate"] == 0.5
    assert found["broken"] == [("a dented moon", 2)]
    monkeypatch.setattr(viewers, "weights_mark", lambda _: "others")
    assert viewers.found(viewers.listed()["pictures"])["looked_at"] == 0


def test_an_evaluation_goes_on_from_what_is_finished(tmp_path):
    asked, folder = [], tmp_path / "kept"

    def paint(models, captions, seeds, scale):
        asked.extend(captions)
        count = len(captions)
        return workers.Seen(*(np.full((count, 2), scale + len(captions[0])) for _ in range(4)))

    def run(name, captions, scale=1.0, made_from="these weights"):
        crew = object.__new__(workers.Workers)  # without processes and models
        crew.device, crew.batch, crew.folder, crew.made_from = "cpu", 2, folder, made_from
        crew.pool = SimpleNamespace(map=lambda _, jobs: [task(None, *given) for task, given in jobs])
        asked.clear()
        return crew.run(name, paint, captions, np.arange(len(captions)), fixed=(scale,)).pictures, len(asked)

    first, count = run('"a planet", renders', ["red", "blue", "grey"])
    assert count == 3 and first.tolist() == [[4, 4], [4, 4], [5, 5]]
    again, count = run('"a planet", renders', ["red", "blue", "grey"])
    assert count == 0 and np.array_equal(first, again)
    assert run('"a planet", renders', ["red", "blue", "pink"])[1] == 3
    assert run("pictures", ["red"], 2.0)[1] == run("pictures", ["red"])[1] == 1
    assert run("pictures", ["red"], made_from="others")[1] == 1
    folder = None
    assert run("pictures", ["red"])[1] == run("pictures", ["red"])[1] == 1


class Guessing:
    """Workers without networks: they show renders, whatever was asked, and know what is in those."""

    device = "cpu"

    def __init__(self):
        drawn = [planets.draw(seed) for seed in seeds.TESTS[:8]]
        self.pictures = np.stack([np.asarray(picture) for picture, _, _ in drawn])
        self.rows = np.stack([planets.encode_judged(scene) for _, _, scene in drawn])
        self.pool = SimpleNamespace(shutdown=lambda: None)

    def run(self, name, task, *columns, fixed=(), batch=None):
        number, rng = np.arange(len(columns[0])), np.random.default_rng(len(name))
        pictures = number if task is workers.recall else self.pictures[number % 8]
        features = (rng.normal(size=(len(number), size)).astype(np.float32) for size in (320, 128))
        return workers.Seen(pictures, np.maximum(self.rows, 0)[number % 8], *features)  # it guesses all


def test_an_evaluation_in_miniature_fills_the_card(kept, tmp_path, monkeypatch):
    sizes = {"seen": 12, "held_out": 6, "unguided": 6, "prompts": 3, "per_prompt": 2, "open": 4, "faults": 8}
    monkeypatch.setitem(evaluate.FORMS, "full", sizes)
    monkeypatch.setattr(evaluate, "Workers", lambda *_: Guessing())
    monkeypatch.setattr(eyes, "measure", partial(eyes.measure, count=6, rebuilt_count=12))
    for module, name in ((evaluate, "MODEL"), (card, "FOLDER"), (report, "IMAGES")):
        monkeypatch.setattr(module, name, tmp_path)
    log("unet", "monday", [10], pictures=20)
    data.main(count=2)
    evaluate.main(processes=1)
    results = json.loads((tmp_path / "evaluation.json").read_text())
    memory = results["memory"]
    assert (memory["bank"], memory["pictures"], memory["all"]) == (2, 20, False), "the cache has few of them"
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert {what for what, *_ in results["bars"]} >= {"memory ratio, at most", "PSNR in small planets, dB"}
    millions = runs.parameters(training.MODELS / runs.WEIGHTS["unet"]) / 1e6
    for part in ("| broken rings |", "| small planets |", "| 24 | 32 | 48 |", "not all of them"):
        assert part in text
    assert f"| unet | 1 | 10 | 160 | {millions:.3g} M |" in text
    assert "102 pictures were looked at" in text and "{" not in text
    assert (tmp_path / "samples.png").exists() and (tmp_path / "nearest.png").exists()
