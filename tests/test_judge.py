"""The judge: what it is trained on, and that the saved one can be trusted on fresh renders."""

import numpy as np
import pytest
import torch

from helpers.errors import ModelError
from helpers.judge import classify
from helpers.lesson.scores import attribute_rates, marked, prompts
from training.pocket import data, judge
from worlds import planets as world
from worlds import seeds


def test_attributes_that_do_not_apply_teach_nothing():
    net = judge.Judge(world.JUDGED)
    rows = torch.full((4, len(world.JUDGED)), -1)
    rows[:, 0] = 1
    judge.loss_of(net(torch.rand(4, 3, 128, 128)), rows).backward()
    taught = {
        name for name, head in net.heads.items() if head.weight.grad is not None and head.weight.grad.any()
    }
    assert taught == {"view"}


def test_disturbing_keeps_the_original_and_the_shape():
    pictures = torch.rand(16, 3, 128, 128)
    before = pictures.clone()
    disturbed = judge.disturb(pictures, np.random.default_rng(0))
    assert torch.equal(pictures, before)
    assert disturbed.shape == before.shape and not torch.equal(disturbed, before)


def test_blur_keeps_even_areas_and_smooths_an_edge():
    edge = torch.zeros(1, 3, 32, 32)
    edge[..., 16:] = 1
    soft = judge.blur(edge, sigma=1.0)
    assert soft[..., 4].abs().max() < 1e-6 and (soft[..., 28] - 1).abs().max() < 1e-6
    assert 0.25 < soft[0, 0, 16, 15] < 0.45  # the normal distribution's 0.31 at half a pixel


def test_a_saved_judge_gives_the_same_marks(tmp_path):
    torch.manual_seed(0)
    net = judge.Judge(world.JUDGED).half().float().eval()
    judge.save(net, tmp_path)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 128, 128, 3), np.uint8)
    again = classify(judge.load(tmp_path), pictures)
    assert all((a == b).all() for a, b in zip(classify(net, pictures), again))


def test_a_missing_judge_says_how_to_train_one(tmp_path):
    with pytest.raises(ModelError, match="python -m training judge"):
        judge.load(tmp_path)


def test_a_judge_of_another_world_is_refused(tmp_path):
    judge.save(judge.Judge({"view": ("space", "surface")}), tmp_path)
    with pytest.raises(ModelError, match="another world"):
        judge.load(tmp_path)


def test_marks_of_the_wrong_view_count_as_wrong():
    scene = {"view": "space", "style": "plain", "kind": "gas giant", "colour": "red", "size": "small"}
    scene |= {"rings": "rings", "moons": "one moon", "background": "deep space"}
    rows = np.stack([world.encode_judged(scene)] * 2)
    seen = rows.copy()
    seen[1, 0] = 1
    right, applies = marked(seen, rows)
    assert applies.sum(1).tolist() == [8, 8]
    assert right.sum(1).tolist() == [8, 0]


def test_adherence_of_pictures_marked_by_hand():
    draw = np.random.default_rng(0)
    rows = np.stack([world.encode_judged(world.sample_scene(draw)) for _ in range(200)])
    perfect = attribute_rates(rows, rows)
    assert perfect["mean"]["rate"] == perfect["all_right"]["rate"] == perfect["binding"]["rate"] == 1
    moons, spoilt = list(world.ATTRIBUTES).index("moons"), rows.copy()
    spoilt[:, moons] = np.where(rows[:, moons] == 3, 2, rows[:, moons])  # three moons painted as two
    found = attribute_rates(spoilt, rows)
    assert found["count"]["three moons"]["rate"] == 0 and found["count"]["two moons"]["rate"] == 1
    assert found["all_right"]["rate"] == pytest.approx(1 - (rows[:, moons] == 3).mean())


def test_evaluation_prompts_are_new_and_held_out_when_asked():
    seen, unseen = prompts(6), prompts(6, True, seeds.HELD_OUT)
    assert not any(world.is_held_out(world.decode(row)) for row in seen.rows)
    assert all(world.is_held_out(world.decode(row)) for row in unseen.rows)
    assert all(seed in seeds.SEEN for seed in seen.seeds) and len(set(seen.seeds)) == 6


def test_the_saved_judge_marks_fresh_renders_right():
    rows, pictures = [], []
    for i in range(120):
        picture, row = data.draw(seeds.TESTS[i], held_out=i % 3 == 0)
        rows.append(row)
        pictures.append(picture)
    right, applies = marked(classify(judge.load(), np.stack(pictures))[0], np.stack(rows))
    assert right.sum() / applies.sum() >= 0.97  # the bar is 98 %, less two standard errors of so few pictures
    assert sum(file.stat().st_size for file in judge.FOLDER.iterdir()) < 3e6


def test_the_saved_judge_sees_faults_that_were_drawn_on_purpose():
    pictures, rows = map(np.stack, zip(*(judge.faulty(seed) for seed in seeds.TESTS[:90])))
    right, applies = marked(classify(judge.load(), pictures)[0], rows)
    names = list(world.JUDGED)
    for name in ("moons", "rings"):
        assert right[:, names.index(name)].mean() > 0.9
