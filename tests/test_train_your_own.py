"""Notebook 10: a training can be stopped and goes on as if it had not been; the new kind is a new kind."""

import copy
import signal
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from tiny import SCHEDULER, tiny_parts

from helpers.judge import load_judge
from helpers.lesson.kinds import KindFinder
from helpers.lesson.measured import load_measured
from helpers.lesson.objective import min_snr_weights, training_loss
from helpers.lesson.trainings import ema_decay, lr_scale, mixed_precision, shortened, whole_steps
from helpers.models import POCKET, load_components
from helpers.seeding import generator
from measure import prediction_types as tool
from worlds import eyeball
from worlds import planets as world

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "10_train_your_own.ipynb"
OWN_WORDS = (
    "def noise_targets",
    "def velocity_targets",
    "def draw_batch",
    "def train_step",
    "def update_average",
    "def new_student",
)


@pytest.fixture(scope="module")
def written():
    """What the notebook's cells define by hand, for a tiny U-Net and random latents."""
    unet = tiny_parts("like pocket")["unet"].requires_grad_(True)
    torch.manual_seed(0)
    data = SimpleNamespace(
        latents=torch.randn(12, 4, 16, 16),
        words=torch.randn(5, 77, 32),
        caption_of=torch.arange(12) % 5,
        rows=torch.arange(8),
    )
    names = {
        "torch": torch,
        "copy": copy,
        "SimpleNamespace": SimpleNamespace,
        "generator": generator,
        "lr_scale": lr_scale,
        "ema_decay": ema_decay,
        "mixed_precision": mixed_precision,
        "device": torch.device("cpu"),
        "planets": data,
        "unet": unet,
        "alphas_cumprod": tiny_parts("like pocket")["scheduler"].alphas_cumprod,
    }
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code" and any(word in cell.source for word in OWN_WORDS):
            exec(cell.source, names)
    return SimpleNamespace(**names)


def weights(student):
    both = [*student.unet.parameters(), *student.average.parameters()]
    return torch.cat([p.detach().flatten() for p in both])


def learn(written, student, steps, targets):
    with whole_steps() as interrupted:
        while len(student.losses) < steps and not interrupted():
            written.train_step(student, steps, targets)


def test_a_training_that_was_interrupted_goes_on_as_if_it_had_not_been(written):
    straight = written.new_student(copy.deepcopy(written.unet), written.planets)
    learn(written, straight, 4, written.noise_targets)

    stopped, calls = written.new_student(copy.deepcopy(written.unet), written.planets), []

    def interrupted_in_the_middle(*batch):
        calls.append(1)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return written.noise_targets(*batch)

    with pytest.raises(KeyboardInterrupt, match="goes on from there"):
        learn(written, stopped, 4, interrupted_in_the_middle)
    assert len(stopped.losses) == 2, "the step that was begun is finished, no further one is"
    learn(written, stopped, 4, interrupted_in_the_middle)
    assert stopped.losses == straight.losses
    assert torch.equal(weights(stopped), weights(straight))


def test_after_a_training_ctrl_c_works_as_before():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), whole_steps():
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is before


def test_noise_picture_and_velocity_are_trained_with_the_same_loss(written):
    alpha = written.alphas_cumprod[[10, 400, 999]][:, None, None, None]
    clean, noise = torch.randn(2, 3, 4, 8, 8, generator=generator(3), dtype=torch.float64)
    guess = clean + 0.1 * torch.randn(clean.shape, generator=generator(4), dtype=torch.float64)
    noisy = alpha**0.5 * clean + (1 - alpha) ** 0.5 * noise
    guessed_noise = (noisy - alpha**0.5 * guess) / (1 - alpha) ** 0.5  # whoever has the picture has the noise
    losses = []
    for targets in (written.noise_targets, written.picture_targets, written.velocity_targets):
        target, weight = targets(clean, noise, alpha)
        answer, _ = targets(guess, guessed_noise, alpha)
        losses.append((weight * (answer - target) ** 2).mean((1, 2, 3)))
    torch.testing.assert_close(losses[1], losses[0], rtol=1e-4, atol=0)
    torch.testing.assert_close(losses[2], losses[0], rtol=1e-4, atol=0)


def test_the_script_trains_as_the_notebook_does(written):
    timesteps = torch.tensor([10, 400, 999])
    alpha = written.alphas_cumprod[timesteps][:, None, None, None]
    clean, noise, guess = torch.randn(3, 3, 4, 8, 8, generator=generator(3))
    targets = (written.noise_targets, written.picture_targets, written.velocity_targets)
    for name, by_hand in zip(tool.PREDICTIONS, targets):
        scheduler = DDPMScheduler.from_config(SCHEDULER, prediction_type=name)
        weights = min_snr_weights(scheduler)
        found = training_loss(lambda noisy, t: guess, scheduler, clean, weights, noise, timesteps)
        target, weight = by_hand(clean, noise, alpha)
        torch.testing.assert_close(found, (weight * (guess - target) ** 2).mean())


def test_the_switch_shortens_only_where_it_is_on(monkeypatch):
    monkeypatch.setenv("SHORT_TRAININGS", "1")
    assert shortened(1000, short=10) == 10
    monkeypatch.setenv("SHORT_TRAININGS", "0")
    assert shortened(1000, short=10) == 1000


def test_the_new_kind_is_in_no_training_picture_of_the_model():
    assert eyeball.KIND not in world.ATTRIBUTES["kind"]
    assert not any(eyeball.WORD in word for words in world.WORDS.values() for word in words)


def test_pictures_of_the_new_kind_say_its_name_and_vary():
    drawn = [eyeball.draw(seed) for seed in range(60)]
    assert all(eyeball.WORD in caption for _, caption, _ in drawn)
    assert len({caption for _, caption, _ in drawn}) > 40
    for name in ("style", "size", "rings", "moons", "background"):
        assert {scene[name] for *_, scene in drawn if name in scene} == set(world.ATTRIBUTES[name])
    again = eyeball.draw(7)
    assert again[1:] == drawn[7][1:] and np.array_equal(again[0], drawn[7][0])


def test_the_finder_knows_eyeball_planets():
    finder = KindFinder(load_judge(POCKET), load_components(POCKET).vae, count=20)
    assert finder.accuracy > 0.6 and finder.false_alarms < 0.2
    giants = [eyeball.draw(seed)[0] for seed in range(500, 540) if eyeball.draw(seed)[2]["size"] == "giant"]
    assert finder.share(giants) > 0.6


def test_what_the_notebook_shows_of_longer_runs_was_measured():
    measured = load_measured("prediction_types")
    for name in (*tool.PREDICTIONS, "no_dropout"):
        assert len(measured[name]) >= 2, "one seed proves little"
        assert all(0 <= run["average"]["attributes_right"]["value"] <= 1 for run in measured[name])
    stages = load_measured("training")["stages"]
    assert {"clip", "vae", "unet"} <= set(stages) and all(stage["log"] for stage in stages.values())
