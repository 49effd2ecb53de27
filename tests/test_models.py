"""Loading a model: which parts, where, and what a reader is told when that can't work."""

import json
import os
import re
import socket
import time
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline
from hub_server import reach, serving
from logged import all_that_is_logged
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from safetensors.torch import load_file, save_file
from tiny import SHAPES, UNETS, save_tiny, save_tiny_checker, tiny_parts

from helpers import denoising, models
from helpers.denoising import generate
from helpers.errors import InputError, ModelError
from helpers.machine import choice, disk, weights
from helpers.models import (
    FULL,
    POCKET,
    Components,
    device_and_dtype,
    latent_shape,
    load_components,
    load_pipeline,
    model_folder,
    pixels_per_latent,
    settings,
)

UNET_WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


def move_the_root(monkeypatch, folder):
    """Let the repository be elsewhere."""
    for module in (models, choice, disk):
        monkeypatch.setattr(module, "ROOT", folder)


@pytest.fixture(autouse=True)
def downloads_are_allowed(monkeypatch):
    """Unless a test says otherwise: the tests' own environment forbids them."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_):
        raise socket.gaierror("the network is off in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("shape", SHAPES)
def test_five_parts_load_ready_to_sample_and_without_a_word_or_a_network(shape, tmp_path, no_network, capfd):
    folder = save_tiny(shape, tmp_path)
    capfd.readouterr()
    components = load_components(folder, "cpu", torch.float32)
    assert capfd.readouterr() == ("", "")
    assert Components._fields == ("tokenizer", "text_encoder", "vae", "unet", "scheduler")
    for network in (components.text_encoder, components.vae, components.unet):
        assert not network.training
        assert not any(weight.requires_grad for weight in network.parameters())
        assert {weight.dtype for weight in network.parameters()} == {torch.float32}
    assert components.unet.config.cross_attention_dim == UNETS[shape]["cross_attention_dim"]


def test_what_takes_seconds_has_a_bar(tmp_path, monkeypatch, capfd):
    folder = save_tiny("like sd", tmp_path)
    monkeypatch.setattr(models, "LARGE", 1)  # as if these were gigabytes
    capfd.readouterr()
    components = load_components(folder, "cpu", torch.float32)
    said = capfd.readouterr().err
    assert "Loading text_encoder" in said and "Loading unet" in said
    generate(components, "mars", 0, 2, 3.0)
    assert "Painting" in capfd.readouterr().err
    load_pipeline(folder, "cpu", torch.float32)("mars", num_inference_steps=2)
    assert "2/2" in capfd.readouterr().err


@pytest.mark.parametrize(("delay", "bar"), [(3600, False), (0.1, True)])
def test_a_small_model_has_a_bar_for_what_takes_longer(delay, bar, tmp_path, monkeypatch, capfd):
    folder = save_tiny("like sd", tmp_path)
    components, pipeline = load_components(folder, "cpu"), load_pipeline(folder, "cpu")
    assert models.bar_options(components.unet)["delay"] == pipeline._progress_bar_config["delay"] == 2
    monkeypatch.setattr(denoising, "bar_options", lambda unet: {"delay": delay})
    capfd.readouterr()
    generate(components, "mars", 0, 3, 3.0, callback=lambda step: time.sleep(0.2))
    assert ("Painting" in capfd.readouterr().err) == bar


def test_the_loaded_weights_are_those_of_the_file(tmp_path):
    folder = save_tiny("like sd", tmp_path)
    loaded = load_components(folder, "cpu", torch.float32).unet.state_dict()
    for name, weight in load_file(tmp_path / UNET_WEIGHTS).items():
        torch.testing.assert_close(loaded[name], weight, rtol=0, atol=0)


def test_weights_stored_in_float16_are_computed_in_float32_on_a_cpu(tmp_path):
    folder = save_tiny("like pocket", tmp_path)
    for file in tmp_path.glob("*/*.safetensors"):
        halves = {name: weight.half() for name, weight in load_file(file).items()}
        save_file(halves, file, metadata={"format": "pt"})
    components = load_components(folder, "cpu", torch.float32)
    for network in (components.text_encoder, components.vae, components.unet):
        assert {weight.dtype for weight in network.parameters()} == {torch.float32}


def test_another_number_format_can_be_asked_for(tmp_path):
    components = load_components(save_tiny("like sd", tmp_path), "cpu", torch.bfloat16)
    assert components.unet.dtype == components.vae.dtype == components.text_encoder.dtype == torch.bfloat16


def test_the_pipeline_has_the_same_parts_and_no_safety_checker(tmp_path):
    pipeline = load_pipeline(save_tiny("like sd", tmp_path), "cpu", torch.float32)
    assert set(Components._fields) < set(pipeline.components)
    assert pipeline.safety_checker is None


@pytest.mark.parametrize(
    ("cuda", "mps", "memory", "expected"),
    [
        (True, False, True, ("cuda", torch.float16)),
        (False, True, True, ("mps", torch.float32)),
        (False, True, False, ("cpu", torch.float32)),  # as on the Macs of GitHub's workflows
        (False, False, True, ("cpu", torch.float32)),
    ],
)
def test_half_precision_only_where_it_is_safe_and_a_gpu_only_if_it_has_memory(
    monkeypatch, cuda, mps, memory, expected
):
    def ones(*_, device):
        if not memory:
            raise RuntimeError(
                "MPS backend out of memory (MPS allocated: 0 bytes). Tried to allocate 256 bytes"
            )
        return torch.empty(1)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(torch, "ones", ones)
    device, dtype = device_and_dtype()
    assert (device.type, dtype) == expected


def test_beside_a_gpu_a_model_on_the_cpu_is_in_float32(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert load_components(save_tiny("like pocket", tmp_path), "cpu").unet.dtype == torch.float32


def test_the_settings_fit_each_model_and_a_copy_is_safe_to_change():
    assert settings(FULL) == {"num_inference_steps": 50, "guidance_scale": 7.5}
    assert settings(POCKET) != settings(FULL)
    settings(POCKET)["guidance_scale"] = 99
    assert settings(POCKET)["guidance_scale"] < 10


@pytest.mark.parametrize(("shape", "latent_size"), [("like pocket", 16), ("like sd", 8)])
def test_sizes_are_read_from_the_model(shape, latent_size, tmp_path):
    components = load_components(save_tiny(shape, tmp_path), "cpu")
    assert pixels_per_latent(components.vae) == 8
    assert latent_shape(components) == (4, latent_size, latent_size)
    assert latent_shape(components, height=64, width=96) == (4, 8, 12)
    with pytest.raises(InputError, match="width 100 is not a multiple of 8 pixels: take 96"):
        latent_shape(components, width=100)


@pytest.mark.parametrize("name", ["models/no-such-model", "runwayml/somebody", ""])
def test_an_unknown_model_is_named_with_the_ones_to_take(name, monkeypatch):
    monkeypatch.delenv("DIFFUSION_MODEL")
    with pytest.raises(
        InputError, match=f'There is no model "{name}": take "pocket", "full" .which is {FULL}'
    ):
        load_components(name)


def test_a_missing_weights_file_is_named(tmp_path):
    folder = save_tiny("like sd", tmp_path)
    (tmp_path / UNET_WEIGHTS).unlink()
    with pytest.raises(ModelError, match="diffusion_pytorch_model.safetensors is missing: save the model"):
        load_components(folder)


def test_a_pickled_weights_file_is_never_read(tmp_path):
    folder = save_tiny("like sd", tmp_path)
    safe = tmp_path / UNET_WEIGHTS
    torch.save(load_file(safe), safe.with_suffix(".bin"))
    safe.unlink()
    with pytest.raises(ModelError, match="safetensors is missing"):
        load_components(folder)


@pytest.mark.parametrize("damage", ["cut short", "text", "empty"])
def test_a_damaged_weights_file_is_named(damage, tmp_path):
    folder = save_tiny("like sd", tmp_path)
    file = tmp_path / "vae/diffusion_pytorch_model.safetensors"
    whole = file.read_bytes()
    file.write_bytes(
        {"cut short": whole[: len(whole) // 2], "text": b"version https://git-lfs", "empty": b""}[damage]
    )
    with pytest.raises(ModelError, match="vae.*diffusion_pytorch_model.safetensors is damaged"):
        load_components(folder)


@pytest.mark.parametrize(
    "part", ["unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model"]
)
def test_gaps_in_the_weights_are_not_filled_with_random_numbers(part, tmp_path):
    folder = save_tiny("like sd", tmp_path)
    file = tmp_path / f"{part}.safetensors"
    weights = load_file(file)
    weights.pop(next(name for name in weights if name.endswith("bias")))
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="is incomplete"):
        load_components(folder)


def test_the_old_names_of_the_attention_weights_in_a_vae_are_understood(tmp_path):
    """Stable Diffusion v1-4's own VAE file has them."""
    folder = save_tiny("like sd", tmp_path)
    file = tmp_path / "vae/diffusion_pytorch_model.safetensors"
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    weights = load_file(file)
    before = load_components(folder, "cpu", torch.float32).vae.state_dict()
    renamed = {}
    for name, weight in weights.items():
        for new_part, old_part in old.items():
            name = name.replace(new_part, old_part)
        renamed[name] = weight
    assert set(renamed) != set(weights)
    save_file(renamed, file, metadata={"format": "pt"})
    after = load_components(folder, "cpu", torch.float32).vae.state_dict()
    for name, weight in before.items():
        torch.testing.assert_close(after[name], weight, rtol=0, atol=0)


def test_a_text_encoder_saved_with_or_without_a_prefix_is_the_same(tmp_path):
    """Stable Diffusion's weights, and the pocket model's, have the older names that start with text_model."""
    folder = save_tiny("like sd", tmp_path)
    file = tmp_path / "text_encoder/model.safetensors"
    bare = {name.removeprefix("text_model."): weight for name, weight in load_file(file).items()}
    loaded = []
    for prefix in ("", "text_model."):
        save_file({prefix + name: weight for name, weight in bare.items()}, file, metadata={"format": "pt"})
        loaded.append(load_components(folder, "cpu", torch.float32).text_encoder.state_dict())
    for name, weight in loaded[0].items():
        torch.testing.assert_close(loaded[1][name], weight, rtol=0, atol=0)
    written = {name.removeprefix("text_model."): weight for name, weight in loaded[0].items()}
    for name, weight in bare.items():
        torch.testing.assert_close(written[name], weight, rtol=0, atol=0)


def test_a_broken_config_is_named(tmp_path):
    folder = save_tiny("like sd", tmp_path)
    (tmp_path / "unet/config.json").write_text("{ not json")
    with pytest.raises(ModelError, match=r"unet/config\.json can't be read: save the model there again"):
        load_components(folder)


def zero_the_second_half(file):
    """As a disk or a copy does that was interrupted: the length is right, and so is the head."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))


def without(*names):
    def change(file):
        said = json.loads(file.read_text())
        file.write_text(json.dumps({name: value for name, value in said.items() if name not in names}))

    return change


def saying(**more):
    return lambda file: file.write_text(json.dumps(json.loads(file.read_text()) | more))


SCHEDULER = "scheduler/scheduler_config.json"
DAMAGES = {  # what happens to which file, and the beginning of the sentence
    "weights cut": (
        UNET_WEIGHTS,
        lambda file: file.write_bytes(b"half a file"),
        "The weights file .*damaged",
    ),
    "no weights": (UNET_WEIGHTS, Path.unlink, "The weights file .* is missing"),
    "no config": ("text_encoder/config.json", Path.unlink, "text_encoder can't be read"),
    "a list": ("unet/config.json", lambda file: file.write_text("[]"), r"unet/config\.json can't be read"),
    "other shapes": ("unet/config.json", saying(cross_attention_dim=64), "unet can't be read"),
    "other words": ("text_encoder/config.json", saying(hidden_size=64), "text_encoder can't be read"),
    "unknown and too many": ("unet/config.json", saying(layers_per_block=3, new=1), "unet can't be read"),
    "no schedule": (SCHEDULER, lambda file: file.write_text("{}"), "does not say beta_start or beta_end or"),
    "half a schedule": (SCHEDULER, without("beta_schedule"), "config.json does not say beta_schedule"),
    "a list for it": (SCHEDULER, lambda file: file.write_text("[]"), "scheduler_config.json can't be read"),
    "odd schedule": (SCHEDULER, saying(beta_schedule="steep"), "scheduler can't be read"),
    "no length": ("tokenizer/tokenizer_config.json", without("model_max_length"), "does not say a model_max"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_is_one_sentence_and_the_libraries_add_nothing(damage, tmp_path, recwarn):
    folder, (name, hurt, sentence) = save_tiny("like sd", tmp_path), DAMAGES[damage]
    hurt(tmp_path / name)
    with all_that_is_logged() as logged, pytest.raises(ModelError, match=sentence) as caught:
        load_components(folder, "cpu")
    assert str(caught.value).endswith(": save the model there again.")
    assert not logged and not recwarn.list


def test_what_the_libraries_say_of_a_model_that_loads_is_not_lost(tmp_path):
    folder = save_tiny("like sd", tmp_path)
    saying(new=1)(tmp_path / "unet/config.json")
    with all_that_is_logged() as logged:
        load_components(folder, "cpu")
    assert ["{'new': 1} were passed" in each.getMessage() for each in logged] == [True]


def test_a_schedule_written_out_needs_no_beginning_and_no_end(tmp_path):
    folder = save_tiny("like sd", tmp_path)
    betas = [0.001 * (i + 1) for i in range(1000)]
    (tmp_path / SCHEDULER).write_text(json.dumps({"trained_betas": betas}))
    assert load_components(folder, "cpu").scheduler.betas[-1] == 1


@pytest.mark.parametrize("place", [POCKET, "my/own"])
def test_weights_damaged_in_the_middle_are_found_in_the_pocket_model_alone(place, tmp_path, monkeypatch):
    move_the_root(monkeypatch, tmp_path)
    monkeypatch.setattr(weights, "SUMS", tmp_path / "models" / "SHA256SUMS")
    folder, file = save_tiny("like pocket", tmp_path / place), tmp_path / place / UNET_WEIGHTS
    weights.note_sums(tmp_path / "models", since=0)
    load_components(folder, "cpu")
    whole = file.read_bytes()
    zero_the_second_half(file)
    if place == POCKET:
        sentence = f"{POCKET}/{UNET_WEIGHTS} is damaged or another one than models/SHA256SUMS names: bring it"
        with pytest.raises(ModelError, match=sentence):
            load_components(folder, "cpu")
        file.write_bytes(whole)
    load_components(folder, "cpu")


def test_all_weights_of_the_repository_are_those_that_are_written_down():
    files = sorted((models.ROOT / "models").rglob("*.safetensors"))
    command = "cd models && sha256sum $(git ls-files '*.safetensors') > SHA256SUMS"
    assert weights._sums() == {file: weights._digest(file) for file in files}, f"run: {command}"


def test_sums_are_written_of_what_is_new_and_those_of_the_others_stay(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save_file({"it": torch.zeros(3)}, tmp_path / name / "model.safetensors")
    weights.note_sums(tmp_path, since=0)
    before = (tmp_path / "SHA256SUMS").read_text().splitlines()
    assert [line[64:] for line in before] == ["  one/model.safetensors", "  two/model.safetensors"]
    for name, when in (("one", 10), ("two", 30)):
        save_file({"it": torch.ones(3)}, tmp_path / name / "model.safetensors")
        os.utime(tmp_path / name / "model.safetensors", (when, when))
    weights.note_sums(tmp_path, since=20)
    after = (tmp_path / "SHA256SUMS").read_text().splitlines()
    assert after[0] == before[0] and after[1] != before[1] and len(after) == 2


def test_an_own_folder_keeps_its_own_scheduler(tmp_path):
    pipeline = StableDiffusionPipeline(
        **tiny_parts("like sd") | {"scheduler": EulerDiscreteScheduler(beta_end=0.01, steps_offset=1)},
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(tmp_path)
    scheduler = load_components(str(tmp_path), "cpu").scheduler
    assert isinstance(scheduler, EulerDiscreteScheduler) and scheduler.config.beta_end == 0.01


def test_a_folder_that_names_no_scheduler_is_refused(tmp_path):
    folder = save_tiny("like sd", tmp_path)
    index = tmp_path / "model_index.json"
    index.write_text(index.read_text().replace("PNDMScheduler", "MyScheduler"))
    with pytest.raises(ModelError, match="model_index.json names no scheduler of diffusers: save the model"):
        load_components(folder)


def test_a_missing_pocket_model_says_how_to_bring_it_back(monkeypatch, tmp_path):
    move_the_root(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ModelError, match="models/pocket-planets/model_index.json is missing: .*git checkout -- models"
    ):
        load_components(POCKET)


def test_damaged_pocket_weights_say_how_to_bring_them_back(monkeypatch, tmp_path):
    move_the_root(monkeypatch, tmp_path)
    save_tiny("like pocket", tmp_path / POCKET)
    (tmp_path / POCKET / UNET_WEIGHTS).write_bytes(b"half a file")
    message = f"The weights file {POCKET}/{UNET_WEIGHTS} is damaged: .*git checkout -- models.*clone"
    with pytest.raises(ModelError, match=message):
        load_components(POCKET)


def test_the_pocket_model_is_found_from_any_folder(monkeypatch, tmp_path):
    move_the_root(monkeypatch, tmp_path)
    save_tiny("like pocket", tmp_path / POCKET)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert load_components(POCKET, "cpu").unet.config.sample_size == 16


@pytest.fixture
def full_model(tmp_path, monkeypatch):
    """A hub that has a tiny model, with a safety checker, in Stable Diffusion's place; (hub, its folder)."""
    folder = Path(save_tiny("like sd", tmp_path / "hub"))
    save_tiny_checker(folder)
    torch.save({}, folder / "unet/diffusion_pytorch_model.bin")
    with serving() as (hub, address):
        hub.models[FULL] = folder
        reach(monkeypatch, address, tmp_path / "cache")
        monkeypatch.setattr(choice, "_noticed", set())
        yield hub, folder


def test_the_full_model_comes_pinned_as_safetensors_after_a_word_on_its_licence(full_model, capsys):
    hub, _ = full_model
    assert load_components(FULL, "cpu", torch.float32).unet.config.sample_size == 8
    folder = model_folder(FULL)
    assert folder.name == choice.FULL_REVISION and len(folder.name) == 40
    assert not list(folder.rglob("*.bin")) and (folder / "safety_checker/model.safetensors").is_file()
    load_components(FULL, "cpu", torch.float32)
    said = capsys.readouterr().out
    assert said.count("CreativeML Open RAIL-M") == said.count("safety_checker=False") == 1
    assert (models.ROOT / "docs" / "full-model.md").is_file() and "docs/full-model.md" in said


def test_a_checker_that_is_turned_off_is_not_even_downloaded(full_model):
    hub, _ = full_model
    load_components(FULL, "cpu", torch.float32, safety_checker=False)
    assert not [name for name in hub.served if "safety" in str(name) or "extractor" in str(name)]
    load_components(FULL, "cpu", torch.float32)
    assert "safety_checker/model.safetensors" in hub.served


def test_a_damaged_file_of_the_cache_is_cured_by_deleting_it_as_told(full_model):
    file = model_folder(FULL) / UNET_WEIGHTS
    file.resolve().write_bytes(b"half a file")
    with pytest.raises(ModelError, match="is damaged: delete .* and run this again, which") as caught:
        load_components(FULL)
    Path(re.search("delete (.*) and run", str(caught.value))[1]).unlink()
    assert load_components(FULL, "cpu").unet.config.sample_size == 8


def test_no_network_for_the_full_model_says_how_to_go_on(full_model, monkeypatch):
    hub, _ = full_model
    hub.answers[FULL] = 503, {}
    with pytest.raises(ModelError, match=f"{FULL} could not be downloaded, because .* MODEL = POCKET"):
        load_components(FULL)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE .* unset it and restart the kernel, or .* POCKET"):
        load_components(FULL)


def test_another_model_of_the_hub_is_taken_at_its_commit(full_model, capsys):
    hub, folder = full_model
    hub.models = {"mars/small-diffusion": folder}
    with pytest.raises(InputError, match='a model of the Hub as "owner/name@" and its 40-digit commit'):
        load_components("mars/small-diffusion")
    commit = "abcdef0123" * 4
    assert load_components(f"mars/small-diffusion@{commit}", "cpu").unet.config.sample_size == 8
    assert "licence of mars/small-diffusion stands on" in capsys.readouterr().out


def test_in_notebooks_a_variable_takes_the_place_of_pocket_alone(tmp_path, monkeypatch):
    own, other = save_tiny("like sd", tmp_path / "own"), save_tiny("like sd", tmp_path / "other")
    monkeypatch.setenv("DIFFUSION_MODEL", own)
    assert model_folder(POCKET) == models.ROOT / POCKET, "a command names its model as an option"
    monkeypatch.setattr(choice, "_in_notebook", lambda: True)
    assert model_folder(POCKET) == model_folder("pocket") == model_folder() == Path(own)
    assert model_folder(other) == Path(other)
    assert model_folder(models.ROOT / POCKET) == models.ROOT / POCKET, "the pocket model itself"
    assert settings(POCKET) == settings(own)
    monkeypatch.setenv("DIFFUSION_MODEL", "a/slip")
    choices = r'"a/slip" \(the environment variable DIFFUSION_MODEL names it\): take "pocket", "full" \('
    with pytest.raises(InputError, match=choices):
        load_components(POCKET)
    for full in ("full", " Full\n", "FULL"):
        monkeypatch.setenv("DIFFUSION_MODEL", full)
        assert settings(POCKET) == settings(FULL) and models.chosen("Pocket ") == FULL
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DIFFUSION_MODEL", " ~/own ")
    assert model_folder(POCKET) == model_folder("~/own") == model_folder(Path("~/own")) == Path(own)
    for nothing in ("", " ", "pocket", " Pocket", "POCKET", POCKET):
        monkeypatch.setenv("DIFFUSION_MODEL", nothing)
        assert model_folder("pocket") == models.ROOT / POCKET


def test_a_kernel_is_a_notebook_and_a_command_is_not(tmp_path, monkeypatch):
    """In a real kernel: everything that is imported there counts."""
    folder = save_tiny("like sd", tmp_path)
    code = "from helpers.models import *; print(model_folder(POCKET))"
    (tmp_path / "unet/config.json").unlink()
    notebook = new_notebook(cells=[new_code_cell(code), new_code_cell("load_components(POCKET)")])
    options = {"timeout": 600, "resources": {"metadata": {"path": str(models.ROOT)}}, "allow_errors": True}
    monkeypatch.setenv("DIFFUSION_MODEL", folder)
    NotebookClient(notebook, **options).execute()
    assert notebook.cells[0].outputs[0].text.strip() == folder
    (error,) = notebook.cells[1].outputs
    sentence = f"ModelError: {folder}/unet can't be read: save the model there again."
    assert error.traceback == [sentence], "one sentence, not the libraries' code"
    assert not choice._in_notebook()


@pytest.mark.parametrize(
    "options", [{"variant": "fp16"}, {"max_shard_size": "100KB"}], ids=["fp16", "shards"]
)
def test_weights_under_other_names_of_the_library_are_found(options, tmp_path):
    parts = tiny_parts("like sd")
    pipeline = StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipeline.save_pretrained(tmp_path, **options)
    assert not (tmp_path / UNET_WEIGHTS).exists()
    loaded = load_components(str(tmp_path), "cpu", torch.float32)
    for name, weight in parts["unet"].state_dict().items():
        torch.testing.assert_close(loaded.unet.state_dict()[name], weight, rtol=0, atol=0)


def test_a_device_and_a_number_format_that_are_not_here_say_which_to_take(tmp_path):
    folder = save_tiny("like sd", tmp_path)
    for device in ("gpu", "cuda:99", 3j):
        with pytest.raises(InputError, match='leave device out for the best one, or take "cpu"'):
            load_components(folder, device)
    for dtype in ("float16", torch.int64, float):
        with pytest.raises(InputError, match="without quotes, not .* torch.float32, torch.float16 or"):
            load_components(folder, "cpu", dtype)
    assert load_components(Path(folder), "cpu", torch.bfloat16).unet.dtype == torch.bfloat16
    assert settings(models.ROOT / POCKET) == settings(POCKET) == settings(POCKET + "/")


def test_too_little_memory_says_what_to_do(monkeypatch, tmp_path):
    def no_memory(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr(models.UNet2DConditionModel, "from_pretrained", no_memory)
    with pytest.raises(ModelError, match="not enough memory: .* pocket model"):
        load_components(save_tiny("like sd", tmp_path))


def test_the_pocket_model_has_stable_diffusions_constants(no_network):
    components = load_components(POCKET, "cpu")
    assert pixels_per_latent(components.vae) == 8
    assert latent_shape(components) == (4, 16, 16)
    assert components.tokenizer.model_max_length == 77
    scheduler = components.scheduler.config
    assert (scheduler.beta_start, scheduler.beta_end, scheduler.beta_schedule) == (
        0.00085,
        0.012,
        "scaled_linear",
    )
