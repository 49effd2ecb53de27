"""The training stages: schedule, averages, loss weights, tokens, resuming; every stage once in miniature."""

import itertools
import json
import multiprocessing
import signal
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from diffusers import DDPMScheduler, StableDiffusionPipeline
from diffusers.training_utils import EMAModel
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer

import training
from helpers.errors import ModelError
from helpers.lesson import trainings
from helpers.lesson.objective import min_snr_weights, training_loss, update_ema
from helpers.lesson.trainings import ema_decay, lr_scale
from training import __main__ as command
from training import loop
from training.beyond import proteins
from training.pocket import clip, data, tokenizer, unet, vae
from worlds import planets as world


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(training, "MODELS", tmp_path / "models")
    return tmp_path


def some_captions(count=2000):
    rng = np.random.default_rng(1)
    return [world.caption(world.sample_scene(rng), rng) for _ in range(count)]


def test_progress_is_the_further_of_steps_and_minutes():
    assert loop.fraction_done(30, 100) == 0.3
    assert loop.fraction_done(30, 100, elapsed=6, minutes=10) == 0.6
    assert loop.fraction_done(70, 100, elapsed=6, minutes=10) == 0.7
    assert loop.fraction_done(5, 100, elapsed=20, minutes=10) == 1.0


def test_learning_rate_warms_up_stays_and_ends_at_two_per_cent():
    assert lr_scale(0, 0.0, warmup=150, flat=0.6) == pytest.approx(1 / 150)
    assert lr_scale(149, 0.1, warmup=150, flat=0.6) == 1
    assert lr_scale(9999, 0.6, warmup=150, flat=0.6) == 1
    assert lr_scale(9999, 0.8, warmup=150, flat=0.6) == pytest.approx(0.51)
    assert lr_scale(9999, 1.0, warmup=150, flat=0.6) == pytest.approx(0.02)


def test_the_sum_of_new_weights_is_written_with_them(folders, monkeypatch):
    (folders / "models" / "pocket-judge").mkdir(parents=True)
    file = folders / "models" / "pocket-judge" / "model.safetensors"
    monkeypatch.setattr(tokenizer, "main", lambda: save_file({"it": torch.ones(3)}, file))
    monkeypatch.setattr(command.time, "time", lambda: 0.0)
    command.run(SimpleNamespace(stage="tokenizer"))
    assert "  pocket-judge/model.safetensors\n" in (folders / "models" / "SHA256SUMS").read_text()


def test_moving_average():
    assert [ema_decay(i) for i in (0, 8, 10**6)] == [0.1, 0.5, 0.999]
    model, ema = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    wanted = 0.5 * ema.weight + 0.5 * model.weight
    update_ema(ema, model, step=8)
    torch.testing.assert_close(ema.weight, wanted)


def test_the_moving_average_is_the_librarys_from_the_second_step_on():
    model, ema = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    theirs = EMAModel(model.parameters(), decay=0.9)
    for step in range(100):
        torch.nn.init.normal_(model.weight)
        theirs.step(model.parameters())
        if step == 0:  # theirs begins as a copy; ours with a tenth of the random weights
            ema.load_state_dict(model.state_dict())
        else:
            update_ema(ema, model, step, longest=0.9)
    for mine, wanted in zip(ema.parameters(), theirs.shadow_params, strict=True):
        torch.testing.assert_close(mine, wanted)


@pytest.mark.parametrize("prediction_type, over", [("epsilon", 0), ("v_prediction", 1)])
def test_min_snr_weights_count_the_pictures_error_up_to_five_times(prediction_type, over):
    scheduler = DDPMScheduler.from_config(unet.SCHEDULER, prediction_type=prediction_type)
    snr = scheduler.alphas_cumprod / (1 - scheduler.alphas_cumprod)
    weights = min_snr_weights(scheduler)
    torch.testing.assert_close(weights * (snr + over), torch.minimum(snr, torch.tensor(5.0)))


def test_planets_with_several_moons_and_figures_with_limbs_are_drawn_so_much_more_often():
    attributes = np.full((6, len(world.ATTRIBUTES)), -1, np.int8)  # -1: does not apply
    attributes[:3, list(world.ATTRIBUTES).index("moons")] = 1, 2, 3
    for row, figure in enumerate(("robot", "rocket"), start=3):
        attributes[row, list(world.ATTRIBUTES).index("figure")] = world.ATTRIBUTES["figure"].index(figure)
    rows = unet.drawn_rows(np.random.default_rng(0), unet.row_shares(attributes, 2.5, 2.0), 100_000)
    np.testing.assert_allclose(np.bincount(rows) / len(rows), [0.1, 0.25, 0.25, 0.2, 0.1, 0.1], atol=0.01)
    even = unet.drawn_rows(np.random.default_rng(0), unet.row_shares(attributes), 60_000)
    np.testing.assert_allclose(np.bincount(even) / len(even), [1 / 6] * 6, atol=0.01)


def test_timesteps_at_which_layout_is_decided_are_drawn_more_often():
    torch.manual_seed(0)
    timesteps = unet.drawn_timesteps(100_000, 0.6)
    low, high = unet.LAYOUT
    inside = ((timesteps >= low) & (timesteps < high)).float().mean().item()
    assert inside == pytest.approx(0.6 + 0.4 * (high - low) / 1000, abs=0.01)
    assert timesteps.min() == 0 and timesteps.max() == 999
    even = unet.drawn_timesteps(100_000, 0.0)
    assert even.float().mean().item() == pytest.approx(499.5, abs=3)


def test_loss_weights_are_one_on_average():
    scheduler = DDPMScheduler.from_config(unet.SCHEDULER)
    plain, velocity = (unet.loss_weights(kind, scheduler) for kind in ("min-snr", "v"))
    torch.testing.assert_close(plain / plain[-1], min_snr_weights(scheduler))
    assert velocity[-1] / plain[-1] > 5 * velocity[300] / plain[300]  # high noise counts more
    assert (unet.loss_weights("even", scheduler) == 1).all()
    mixed = unet.loss_weights("mixed", scheduler)
    assert velocity[0] < mixed[0] < 1 and 1 < mixed[-1] < velocity[-1]  # details and layout
    for weights in (plain, velocity, mixed):
        assert weights.mean().item() == pytest.approx(1)


@pytest.mark.parametrize("prediction_type", ["epsilon", "sample", "v_prediction"])
def test_whoever_predicts_what_the_scheduler_names_has_no_loss(prediction_type):
    scheduler = DDPMScheduler.from_config(unet.SCHEDULER, prediction_type=prediction_type)
    clean, noise = torch.randn(2, 5, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    timesteps = torch.tensor([0, 10, 400, 800, 999])

    def knowing(noisy, t):
        a = scheduler.alphas_cumprod[t].view(-1, 1, 1, 1)
        torch.testing.assert_close(noisy, a**0.5 * clean + (1 - a) ** 0.5 * noise)
        v = a**0.5 * noise - (1 - a) ** 0.5 * clean  # Salimans & Ho, 2202.00512, appendix D
        return {"epsilon": noise, "sample": clean, "v_prediction": v}[prediction_type]

    given = {"noise": noise, "timesteps": timesteps}
    assert training_loss(knowing, scheduler, clean, **given) < 1e-10
    lost = training_loss(lambda *batch: knowing(*batch) + 1, scheduler, clean, **given)
    weights = torch.zeros(1000).index_fill(0, torch.tensor([400]), 5.0)
    only = training_loss(lambda *batch: knowing(*batch) + 1, scheduler, clean, weights, **given)
    assert lost.item() == pytest.approx(1) and only.item() == pytest.approx(1)


def test_picture_loss_of_an_even_error_is_that_error():
    target = torch.zeros(1, 3, 16, 16)
    flat = torch.full_like(target, 0.5)
    assert vae.picture_loss(target, target) == 0
    assert vae.picture_loss(flat, target).item() == pytest.approx(0.5)


def test_stripes_cost_more_than_an_even_error():
    target = torch.zeros(1, 3, 16, 16)
    striped = torch.full_like(target, 0.5)
    striped[..., ::2] *= -1
    assert vae.picture_loss(striped, target) > 0.9


def test_errors_count_more_where_there_is_detail():
    target = torch.zeros(1, 3, 32, 32)
    target[..., 20:28, 20:28] = 1
    weights = vae.detail_weights(target)
    assert weights.shape == (1, 1, 32, 32) and weights.mean().item() == pytest.approx(1)
    assert weights[0, 0, 20, 20] > 2 * weights[0, 0, 5, 5]


def test_evening_out_the_latents_changes_no_picture():
    torch.manual_seed(0)
    autoencoder = vae.new_vae((8, 8, 8, 8)).eval()
    torch.nn.init.normal_(autoencoder.quant_conv.bias, std=3)
    pictures = np.random.default_rng(0).integers(0, 256, (4, 128, 128, 3), np.uint8)
    pixels, accelerator = data.to_pixels(pictures), Accelerator(cpu=True)
    with torch.no_grad():
        before = autoencoder.encode(pixels).latent_dist
        wanted = autoencoder.decode(before.mean).sample
        vae.even_out(autoencoder, pictures, accelerator)
        after = autoencoder.encode(pixels).latent_dist
        torch.testing.assert_close(autoencoder.decode(after.mean).sample, wanted, atol=1e-3, rtol=0)
    assert after.mean.mean((0, 2, 3)).abs().max() < 1e-3 * after.mean.std()
    stds = after.mean.std((0, 2, 3))
    torch.testing.assert_close(stds, stds.mean().expand(4), rtol=1e-3, atol=0)
    torch.testing.assert_close(
        after.std / before.std, (stds / before.mean.std((0, 2, 3)))[None, :, None, None].expand_as(after.std)
    )


def test_picture_loss_weighs_a_wrong_hue_more_than_a_wrong_brightness():
    target = torch.zeros(1, 3, 16, 16)
    brighter = torch.full_like(target, 0.3)
    redder = brighter * torch.tensor([1.0, -0.5, -0.5]).view(1, 3, 1, 1)
    assert vae.picture_loss(redder, target) > vae.picture_loss(brighter, target)


def test_equal_captions_are_not_wrong_answers():
    same = clip.same_caption(["red", "blue", "red"], np.array([[0], [1], [2]]))
    assert same.tolist() == [[False, False, True], [False, False, False], [True, False, False]]
    logits = torch.tensor([[9.0, 0, 9], [0, 9, 0], [9, 0, 9]])
    assert clip.contrastive_loss(logits, same) < 0.001 < 0.3 < clip.contrastive_loss(logits, same & False)


def test_pictures_of_one_scene_are_not_wrong_answers_of_each_other():
    same = clip.same_caption(
        ["a red planet", "a planet", "a blue planet"], np.array([[1, 2], [1, 2], [1, 3]])
    )
    assert same.tolist() == [[False, True, False], [True, False, False], [False, False, False]]


def test_siblings_differ_in_one_attribute_alone():
    rng = np.random.default_rng(0)
    attributes = np.stack([world.encode(world.sample_scene(rng)) for _ in range(4000)])
    siblings = clip.Siblings(attributes)
    for _ in range(40):
        group = attributes[siblings.draw(rng, 1)]
        differing = (group != group[0]).any(0)
        assert 2 <= len(group) <= clip.SIBLINGS and differing.sum() == 1
        assert len(np.unique(group[:, differing])) == len(group)


def test_tokenizer_round_trip(tmp_path):
    words = tokenizer.train(some_captions())
    tokenizer.save(words, tmp_path)
    words = CLIPTokenizer.from_pretrained(tmp_path)
    assert 514 < len(words) <= 1500
    assert (words.model_max_length, words.pad_token_id, words("").input_ids) == (
        77,
        words.eos_token_id,
        [words.bos_token_id, words.eos_token_id],
    )
    assert len(words.tokenize("an astronaut on mars")) == 4
    assert words.tokenize("An  Astronaut on Mars") == words.tokenize("an astronaut on mars")
    for text in ("an astronaut on mars", "xylophone quixotic", "¿un café?", "日本 🚀"):
        ids = words(text).input_ids
        assert words.eos_token_id not in ids[1:-1]
        assert words.decode(ids, skip_special_tokens=True).replace(" ", "") == text.replace(" ", "")
    vocab = json.loads((tmp_path / "vocab.json").read_text(encoding="utf-8"))
    assert vocab == words.get_vocab() and sorted(vocab.values()) == list(range(len(vocab)))


def train_line(fresh=False, interrupt_at=None, workers=0):
    """Fits a line for 12 steps; with interrupt_at, is sent SIGTERM in that step."""
    settings = loop.Settings(steps=12, batch=8, lr=0.1, warmup=3, precision="no", workers=workers)
    torch.manual_seed(0)
    run = loop.Run("line", torch.nn.Linear(1, 1), settings, Accelerator(cpu=True), fresh)
    for x in run.batches(lambda rng: rng.normal(size=(8, 1)).astype(np.float32), report=dict):
        run.optimise((run.model(x) - 3 * x + 0.1 * torch.randn_like(x)).square().mean())
        if run.step == interrupt_at:
            signal.raise_signal(signal.SIGTERM)
    return run


def test_an_interrupted_run_ends_with_the_weights_of_an_uninterrupted_one(folders):
    whole = train_line()
    with pytest.raises(SystemExit):
        train_line(fresh=True, interrupt_at=5)
    assert torch.load(training.CACHE / "line" / "checkpoint.pt")["step"] == 6
    resumed = train_line()
    assert resumed.step == whole.step == 12
    for part in ("model", "ema"):
        for a, b in zip(getattr(whole, part).parameters(), getattr(resumed, part).parameters(), strict=True):
            assert torch.equal(a, b)
    assert (
        len((training.CACHE / "line" / "log.jsonl").read_text().splitlines()) == 2
    )  # how it began, and one report


def test_processes_whose_clocks_differ_report_at_the_same_step(folders, monkeypatch):
    """Each waits for the others in a report: at another step it would wait for ever."""
    monkeypatch.setattr(loop.Run, "agree", lambda run, elapsed, stopping: (120.0 * run.step, stopping))
    for clock in (0.0, 1e6):  # seconds that this process's own clock goes on with each look at it
        ticks = itertools.count(step=clock)
        monkeypatch.setattr(loop.time, "monotonic", lambda ticks=ticks: next(ticks))
        run = train_line(fresh=True)
        lines = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
        assert [line["step"] for line in lines[1:]] == [3, 6, 9, 12]


def test_a_start_from_weights_does_not_go_on_with_a_training_that_began_without(folders):
    settings, cpu = loop.Settings(steps=2, batch=1, lr=0.1, precision="no"), Accelerator(cpu=True)

    def begin(**options):
        return loop.Run("line", torch.nn.Linear(1, 1), settings, cpu, **options)

    for warm in (False, True):
        begin(fresh=True, warm=warm).save()
        assert begin(warm=warm).began()["warm"] is warm  # the same command again
    begin(warm=False)  # without --warm any training can go on
    begin(fresh=True, warm=False).save()
    with pytest.raises(ModelError, match="leave out --warm .* or add --fresh"):
        begin(warm=True)


def test_two_steps_of_a_stage_where_processes_are_spawned(folders, monkeypatch):
    """A stage draws its batches by a closure, which no spawned process can be given."""
    before = multiprocessing.get_start_method()
    monkeypatch.setattr(loop, "sys", SimpleNamespace(platform="win32"))
    multiprocessing.set_start_method("spawn", force=True)
    try:
        proteins.main(loop.Settings(steps=2, batch=2, lr=1e-3, precision="no", workers=2))
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert torch.load(training.CACHE / "proteins" / "checkpoint.pt")["step"] == 2


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_an_optimizer_learns_and_goes_on_from_its_own_state(folders, optimizer):
    def fit(steps):
        settings = loop.Settings(steps, 16, lr=0.05, warmup=0, precision="no", optimizer=optimizer, ema=0.9)
        torch.manual_seed(0)
        run = loop.Run("square", torch.nn.Linear(4, 4), settings, Accelerator(cpu=True))
        losses = []
        for x in run.batches(lambda rng: rng.normal(size=(16, 4)).astype(np.float32), report=dict):
            run.optimise((run.model(x) - x.flip(1)).square().mean())
            losses.append(run.loss.item())
        return run, losses

    first, losses = fit(60)
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    _, more = fit(80)
    assert len(more) == 20 and more[0] < losses[0]


@pytest.mark.parametrize("platform", sorted({sys.platform, "darwin", "win32"}))
def test_processes_are_forked_on_linux_alone_and_batches_are_the_same_everywhere(
    folders, monkeypatch, platform
):
    plain, contexts = train_line(), []
    loader = torch.utils.data.DataLoader

    def noted(*given, **options):
        contexts.append(options["multiprocessing_context"])
        return loader(*given, **options)

    monkeypatch.setattr(loop, "sys", SimpleNamespace(platform=platform))
    monkeypatch.setattr(torch.utils.data, "DataLoader", noted)
    ahead = train_line(fresh=True, workers=1)
    assert torch.equal(plain.model.weight, ahead.model.weight)
    assert contexts == ["fork" if platform == "linux" else None]


def test_a_time_budget_overrides_the_presets_steps():
    options = command.arguments(["unet", "--preset", "cpu", "--minutes", "5", "--batch", "7"])
    settings = command.settings_for(unet.SETTINGS, options)
    assert (settings.minutes, settings.batch, settings.lr) == (5, 7, unet.SETTINGS["cpu"].lr)
    assert settings.steps > 10**6
    with pytest.raises(SystemExit):
        command.arguments(["no-such-stage"])


@pytest.mark.parametrize(("fast", "precision"), [(True, "bf16"), (False, "no")])
def test_bfloat16_is_taken_where_it_is_fast_or_asked_for(fast, precision, monkeypatch):
    monkeypatch.setattr(trainings, "bfloat16_is_fast", lambda device: fast)
    options = command.arguments(["unet", "--preset", "cpu"])
    assert command.settings_for(unet.SETTINGS, options).precision == precision
    options = command.arguments(["unet", "--preset", "cpu", "--precision", "bf16"])
    assert command.settings_for(unet.SETTINGS, options).precision == "bf16"


@pytest.mark.parametrize(
    "words",
    [
        ["proteins", "--kl", "3"],
        ["proteins", "--count", "5"],
        ["data", "--steps", "5"],
        ["unet", "--kl", "3"],
        ["tokenizer", "--minutes", "1"],
        ["in-pixels", "--processes", "2"],
    ],
)
def test_an_option_that_a_stage_has_no_use_for_is_refused(words, capsys):
    with pytest.raises(SystemExit):
        command.arguments(words)
    assert f"stage {words[0]} has no use for {words[1]}: leave it out." in capsys.readouterr().err


def test_all_stages_get_those_of_the_options_that_they_use():
    options = command.arguments(["all", "--count", "9", "--kl", "3", "--fresh", "--processes", "2"])
    assert command.passed_on(options, "data") == ["--count", "9", "--fresh", "--processes", "2"]
    assert command.passed_on(options, "vae") == ["--fresh", "--kl", "3.0", "--processes", "2"]
    assert command.passed_on(options, "tokenizer") == ["--fresh"]
    assert set(command.USES) == {*command.STAGES, *command.APART}


def test_fresh_reaches_what_was_kept(folders):
    data.main(count=2)
    np.save(training.CACHE / "latents.npy", np.zeros(3))
    made = (training.CACHE / "pictures.npy").stat().st_mtime_ns
    data.main(count=2)
    assert (training.CACHE / "pictures.npy").stat().st_mtime_ns == made
    data.main(count=2, fresh=True)
    assert (training.CACHE / "pictures.npy").stat().st_mtime_ns != made
    assert not (training.CACHE / "latents.npy").exists()


def test_pictures_go_on_where_they_stopped(folders):
    data.main(count=3)
    first = np.array(data.load()[0])
    data.main(count=5)
    pictures, attributes = data.load()
    assert pictures.shape == (5, world.SIZE, world.SIZE, 3) and attributes.shape == (5, len(world.ATTRIBUTES))
    assert np.array_equal(pictures[:3], first)
    picture, row = data.draw(4)
    assert np.array_equal(pictures[4], picture) and np.array_equal(attributes[4], row)
    attributes = np.lib.format.open_memmap(training.CACHE / "attributes.npy", mode="r+")
    attributes[3] = data.MISSING  # as if it had been interrupted there
    assert len(data.load()[0]) == 3


def test_stages_say_what_is_missing(folders):
    for needs, stage in (
        (data.load, "data"),
        (vae.load_vae, "vae"),
        (vae.load_latents, "latents"),
        (clip.load_text_encoder, "clip"),
        (tokenizer.load, "tokenizer"),
    ):
        with pytest.raises(ModelError, match=f"python -m training {stage}"):
            needs()


def test_every_stage_in_miniature(folders, monkeypatch):
    fresh = data.fresh
    monkeypatch.setattr(data, "fresh", lambda count, held_out=False: fresh(20, held_out))
    settings = loop.Settings(steps=2, batch=4, lr=1e-3, precision="no")
    folder = training.MODELS / "pocket-planets"
    data.main(count=20)
    tokenizer.main(count=500)
    clip.main(settings)
    vae.main(settings)
    vae.latents_main(settings)
    before, mark = vae.load_vae()
    vae.decoder_main(settings)
    after, same_mark = vae.load_vae()
    told = json.loads((training.CACHE / "decoder" / "log.jsonl").read_text().splitlines()[-1])
    assert told["loss"] > 0 and told["edges"] > 0 and 0 <= told["told_apart"] <= 1
    assert str(folder) not in (folder / "vae" / "config.json").read_text(encoding="utf-8")
    assert mark == same_mark and len(vae.load_latents()) == 20  # encoder and latents are as before
    assert not torch.equal(before.decoder.conv_out.weight, after.decoder.conv_out.weight)
    with pytest.raises(ModelError, match="training unet"):
        unet.cooled_main(settings)
    unet.main(settings)
    unet.cooled_main(settings)

    pipe = StableDiffusionPipeline.from_pretrained(folder)
    for mine, saved in zip(unet.trained_unet().parameters(), pipe.unet.parameters(), strict=True):
        assert torch.equal(mine, saved) and mine.requires_grad  # what --warm starts from
    assert {pipe.unet.dtype, pipe.vae.dtype, pipe.text_encoder.dtype} == {torch.float32}
    picture = pipe("a planet", num_inference_steps=2, output_type="np").images[0]
    assert picture.shape == (128, 128, 3) and np.isfinite(picture).all()

    weights = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    assert (folder / "unet" / "diffusion_pytorch_model.safetensors").stat().st_size < 24e6
    assert all(
        name.startswith("text_model.") for name in load_file(folder / "text_encoder" / "model.safetensors")
    )

    ids = pipe.tokenizer(
        ["a planet", "an astronaut on mars"], padding="max_length", return_tensors="pt"
    ).input_ids
    whole = CLIPModel.from_pretrained(training.MODELS / "pocket-clip").text_model(ids)
    tower = CLIPTextModel.from_pretrained(folder / "text_encoder")(ids)
    assert torch.equal(whole.last_hidden_state, tower.last_hidden_state)
    assert not torch.equal(
        tower.pooler_output[0], tower.pooler_output[1]
    )  # read at the end, not at the start token

    mean, std = vae.load_latents().astype(np.float64).swapaxes(0, 1)
    scaled = pipe.vae.config.scaling_factor * np.sqrt((mean**2 + std**2).mean() - mean.mean() ** 2)
    assert scaled == pytest.approx(1, abs=0.02)
    scheduler = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    assert {name for name in scheduler if name[0] != "_"} == {
        "beta_start",
        "beta_end",
        "beta_schedule",
        "num_train_timesteps",
        "set_alpha_to_one",
        "skip_prk_steps",
        "steps_offset",
        "trained_betas",
        "clip_sample",
    }

    (training.CACHE / "latents.sha256").write_text("another autoencoder")
    with pytest.raises(ModelError, match="python -m training latents"):
        vae.load_latents()
