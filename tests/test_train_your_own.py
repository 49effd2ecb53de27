"""Notebook 10: a training can be stopped and goes on as if it had not been; the new kind is a new kind."""

import copy
import re
import signal
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from PIL import Image
from tiny import SCHEDULER, tiny_parts

from helpers.errors import InputError
from helpers.judge import adherence, load_judge
from helpers.lesson import live, trainings
from helpers.lesson.exam import Exam, NewKind
from helpers.lesson.examples import load_renders
from helpers.lesson.kinds import KindFinder
from helpers.lesson.measured import load_measured
from helpers.lesson.objective import min_snr_weights, training_loss
from helpers.lesson.own_pictures import read_folder
from helpers.lesson.trainings import ema_decay, lr_scale, progress, shortened, whole_steps
from helpers.models import POCKET, load_components
from helpers.seeding import generator
from measure import prediction_types as tool
from tools.drawings import own_pictures
from worlds import eyeball
from worlds import planets as world

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "10_train_your_own.ipynb"
OWN_WORDS = (
    "def noise_targets",
    "def velocity_targets",
    "def draw_batch",
    "def loss_of_batch",
    "def share_of_rate",
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
        "trainings": trainings,
        "copy": copy,
        "SimpleNamespace": SimpleNamespace,
        "generator": generator,
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


def test_the_notebooks_formulas_are_those_of_all_trainings(written):
    for step in (0, 10, 49, 50, 300, 600, 601, 800, 999):
        assert written.share_of_rate(step, 1000) == pytest.approx(
            lr_scale(step, step / 1000, 50, 0.6), abs=0.02
        )
        assert written.decay_at(step) == ema_decay(step)


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
    finder = KindFinder(load_judge(POCKET), load_components(POCKET, "cpu").vae, count=20)
    assert finder.accuracy > 0.6 and finder.false_alarms < 0.2
    giants = [eyeball.draw(seed)[0] for seed in range(500, 540) if eyeball.draw(seed)[2]["size"] == "giant"]
    assert finder.share(giants) > 0.6


def test_the_exam_counts_what_scenes_name():
    exam, renders = Exam(), load_renders()[:12]
    pictures, scenes = [each.picture for each in renders], [each.scene for each in renders]
    rates, others = exam.rates(pictures, scenes), exam.rates(pictures, scenes[1:] + scenes[:1])
    seen = exam.judge.look(pictures)
    assert rates["all"] == adherence(seen, scenes)[0] > others["all"]
    named = [(look["kind"], scene["kind"]) for look, scene in zip(seen, scenes) if "kind" in scene]
    assert 0 < len(named) < len(scenes), "surfaces have none"
    assert rates["kind"] == sum(look == asked for look, asked in named) / len(named) > others["kind"]
    assert exam.rates(pictures[:1], [{"view": scenes[0]["view"]}])["rings"] == 0


def test_the_exam_of_the_new_kind_tells_what_it_cost():
    def share(pictures):
        assert pictures and all(picture.size == (128, 128) for picture in pictures)
        return sum(any(picture is each for each in eyes) for picture in pictures) / len(pictures)

    new_kind = NewKind(Exam(), SimpleNamespace(share=share), asking=6, others=16)
    assert all(eyeball.WORD in prompt for prompt in new_kind.asking) and len(new_kind.asking) == 6
    assert not any("kind" in scene for scene in new_kind.all_else)
    renders = load_renders()[:16]
    assert new_kind.others == [each.caption for each in renders]
    unasked = [each.picture for each in renders]
    asked_for = [
        Image.fromarray(world.render(scene | {"kind": eyeball.KIND}, np.random.default_rng(0)))
        for scene in new_kind.all_else
    ]
    planets = [each.picture for each in renders if each.scene["view"] == "space"]
    eyes = [*asked_for[:3], *planets[:2]]
    seen = new_kind.seen(asked_for, unasked)
    assert (seen.found, seen.eyes, seen.planets) == (0.5, 2, len(planets))
    assert seen.all_else > 0.8 and seen.usual > 0.9


def test_what_the_notebook_shows_of_longer_runs_was_measured():
    measured = load_measured("prediction_types")
    for name in (*tool.PREDICTIONS, "no_dropout"):
        assert len(measured[name]) >= 2, "one seed proves little"
        assert all(0 <= run["average"]["attributes_right"]["value"] <= 1 for run in measured[name])
    stages = load_measured("training")["stages"]
    assert {"clip", "vae", "unet", "cooled", "judge"} <= set(stages)
    assert stages["unet"]["runs"][-1]["reports"], "at least of the last run"
    for name in ("vae", "decoder"):  # notebook 11 counts their minutes
        stage = stages.get(name, {"samples": 0, "timed_samples": 0})
        assert stage["timed_samples"] == stage["samples"], name


def pupil(losses=()):
    torch.manual_seed(0)
    network = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(network.parameters(), 0.1)
    return SimpleNamespace(
        unet=network, average=copy.deepcopy(network), optimizer=optimizer, losses=list(losses)
    )


def step_of(student):
    loss = student.unet(torch.full((1, 3), 1.0 + len(student.losses))).square().mean()
    loss.backward()
    student.optimizer.step()
    student.optimizer.zero_grad()
    student.losses.append(loss.item())


@pytest.fixture
def kept_here(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "FOLDER", tmp_path)
    monkeypatch.setenv("SHORT_TRAININGS", "0")
    monkeypatch.setenv(live.KEEP, "1")
    return tmp_path


def watch(student, **more):
    def paint():
        return [Image.new("RGB", (8, 8), (len(student.losses), 0, 0))]

    return live.Live(student, "test", ["a planet"], paint, lambda: 0.5, moments=2, **more)


def test_a_training_goes_on_after_a_stop_and_after_a_new_kernel(kept_here):
    straight = pupil()
    for _ in progress(6, watch(straight)):
        step_of(straight)
    watch(straight).forget()

    stopped = pupil()
    with pytest.raises(KeyboardInterrupt):
        for step in progress(6, watch(stopped)):
            if step == 3:
                signal.raise_signal(signal.SIGINT)
            step_of(stopped)
    assert len(stopped.losses) == 4 and len(stopped.moments) == 1

    again = pupil()  # as after a restart of the kernel
    page = watch(again)
    assert page.begin(6) == 4 and [m["step"] for m in again.moments] == [3]
    assert again.moments[0]["pictures"][0].getpixel((0, 0)) == (3, 0, 0), "what was painted is still there"
    assert list(map(lambda _: step_of(again), progress(6, watch(again)))) == [None] * 2
    assert again.losses == straight.losses
    assert all(map(torch.equal, again.unet.state_dict().values(), straight.unet.state_dict().values()))


def test_another_training_is_not_taken_for_it(kept_here):
    done = pupil()
    for _ in progress(2, watch(done)):
        step_of(done)
    assert watch(pupil()).begin(2) == 2
    assert watch(pupil()).begin(3) == 0 and watch(pupil(), made_from=["other"]).begin(2) == 0
    (kept_here / "test.pt").write_bytes(b"broken")
    assert watch(pupil()).begin(2) == 0


def test_short_trainings_and_tests_keep_nothing(kept_here, monkeypatch):
    monkeypatch.setenv(live.KEEP, "0")
    student = pupil()
    for _ in progress(2, watch(student)):
        step_of(student)
    assert not list(kept_here.iterdir())


def test_a_trainings_page_has_the_same_tags_from_start_to_end(kept_here):
    student, tag = pupil(), re.compile(r"</?\w+")
    page = watch(student)
    page.begin(4)
    before = page.page(0, 4, 9)
    for step in range(4):
        step_of(student)
        page.after(step + 1)
    after = page.page(4, 4, 0)
    assert tag.findall(before._repr_html_()) == tag.findall(after._repr_html_())
    assert repr(after) == "step 4 of 4; 0 s left" and 'aria-label="Progress"' in after._repr_html_()


def test_what_a_training_painted_is_said_in_words(kept_here):
    student = pupil()
    page, label = watch(student), re.compile(r'role="group" aria-label="([^"]*)"')

    def words(step):
        return label.search(page.page(step, 4, 9)._repr_html_()).group(1)

    page.begin(4)
    assert words(0) == "a planet: nothing painted yet; still grey: step 2, step 4."
    for step, said in (
        (2, "a planet: painted at step 2; still grey: step 4."),
        (4, "a planet: painted at step 2, step 4."),
    ):
        page.after(step)
        assert words(step) == said


def test_a_training_without_pictures_is_a_line_of_text(capsys):
    assert list(progress(3)) == [0, 1, 2]
    assert "step 0 of 3; 0 s left" in capsys.readouterr().out


def test_a_folder_of_pictures_gives_captions_from_names_and_from_a_file(tmp_path):
    for name in ("a-zebra-planet-01.png", "a_zebra_planet_with_rings (2).png", "IMG_0042.png"):
        Image.new("RGB", (40, 30)).save(tmp_path / name)
    with pytest.raises(InputError, match="doesn't say what the picture shows"):
        read_folder(tmp_path, 64)
    (tmp_path / "captions.txt").write_text("IMG_0042.png: my cat: on a sofa\n", encoding="utf-8")
    found = read_folder(tmp_path, 64)
    assert [words for _, words in found] == [
        "my cat: on a sofa",
        "a zebra planet",
        "a zebra planet with rings",
    ]
    assert {picture.size for picture, _ in found} == {(64, 64)}
    (tmp_path / "captions.txt").write_text("other.png: a cat\n", encoding="utf-8")
    with pytest.raises(InputError, match="Line 1 of captions.txt"):
        read_folder(tmp_path, 64)


def test_a_bad_folder_gets_one_sentence(tmp_path):
    file = tmp_path / "file.png"
    Image.new("RGB", (8, 8)).save(file)
    for folder, words in (
        (tmp_path / "none", "does not exist"),
        (file, "is a file"),
        (tmp_path, "and not 1:"),
        (None, "path in quotes"),
        ("", "path in quotes"),
    ):
        with pytest.raises(InputError, match=words):
            read_folder(folder, 64)
    for i in range(3):
        (tmp_path / f"a-planet-{i}.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="can't be opened"):
        read_folder(tmp_path, 64)


def test_the_drawn_folder_is_what_its_script_draws():
    found = read_folder(own_pictures.OUT, 128)
    rng = np.random.default_rng(own_pictures.SEED)
    assert len(found) == own_pictures.COUNT
    for picture, words in found:
        assert words == "a zebra planet in deep space"
        drawn = own_pictures.zebra_planet(rng)
        assert np.abs(np.asarray(picture, float) - np.asarray(drawn, float)).max() <= 1
