"""Memory is looked at before a model is loaded; here its figures are faked."""

import json
import math

import pytest
import torch
from tiny import save_tiny, save_tiny_checker

from helpers.denoising import generate
from helpers.errors import ModelError
from helpers.machine import memory
from helpers.machine.memory import Fit, ease, fit
from helpers.machine.weights import count_parameters
from helpers.models import POCKET, load_components

PARTS = ["text_encoder", "vae", "unet"]
CPU, GPU = torch.device("cpu"), torch.device("cuda")
SIZE, CHANNELS = 64, 8  # of the tiny VAE's pictures, in pixels, and of its first level


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "tiny"
    save_tiny("like sd", folder)
    config = folder / "vae/config.json"
    config.write_text(config.read_text().replace('"sample_size": 32', f'"sample_size": {SIZE}'))
    return folder


@pytest.fixture
def free(monkeypatch):
    """What is free, by the kind of device, in bytes."""
    amounts = {"cpu": math.inf, "cuda": math.inf}
    monkeypatch.setattr(memory, "free_memory", lambda device: amounts[device.type])
    return amounts


def weights(model, bytes_each):
    return sum(count_parameters(model, part) for part in PARTS) * bytes_each


def work(bytes_each):
    return memory.NUMBERS_PER_PIXEL * CHANNELS * SIZE**2 * bytes_each


def test_parameters_are_counted_without_loading_them(model):
    components = load_components(model, "cpu", torch.float32)
    for part in PARTS:
        assert count_parameters(model, part) == sum(p.numel() for p in getattr(components, part).parameters())


def test_the_pocket_model_fits_into_a_quarter_of_a_gigabyte(free):
    from helpers.machine.disk import ROOT

    free["cpu"] = 0.25e9
    assert fit(ROOT / POCKET, PARTS, CPU, torch.float32) == Fit(careful=False, offload=False)


@pytest.mark.parametrize(("dtype", "bytes_each"), [(torch.float32, 4), (torch.bfloat16, 2)])
def test_on_a_cpu_there_is_enough_or_little_or_too_little(dtype, bytes_each, model, free):
    needed = weights(model, bytes_each) + work(bytes_each)
    free["cpu"] = needed + work(bytes_each)
    assert fit(model, PARTS, CPU, dtype) == Fit(careful=False, offload=False)
    free["cpu"] = needed
    assert fit(model, PARTS, CPU, dtype) == Fit(careful=True, offload=False)
    free["cpu"] = needed - 1
    with pytest.raises(ModelError) as caught:
        fit(model, PARTS, CPU, dtype)
    assert ("dtype=torch.bfloat16" in str(caught.value)) == (bytes_each == 4), "half as large, not half of it"
    assert "shut down other notebooks" in str(caught.value) and "or go on with MODEL = POCKET." in str(
        caught.value
    )


def test_what_is_advised_is_enough(model, free):
    free["cpu"] = weights(model, 2) + work(2)
    with pytest.raises(ModelError, match="load it with dtype=torch.bfloat16"):
        load_components(model, "cpu", torch.float32)
    assert load_components(model, "cpu", torch.bfloat16).unet.dtype == torch.bfloat16


def test_on_a_gpu_the_unet_stays_outside_when_it_must(model, free):
    needed, unet = weights(model, 2) + work(2), count_parameters(model, "unet") * 2
    for amount, wanted in (
        (needed + work(2), Fit(careful=False, offload=False)),
        (needed, Fit(careful=True, offload=False)),
        (needed - 1, Fit(careful=True, offload=True)),
        (needed - unet, Fit(careful=True, offload=True)),
    ):
        free["cuda"] = amount
        assert fit(model, PARTS, GPU, torch.float16) == wanted
    free["cuda"] = needed - unet - 1
    with pytest.raises(ModelError, match='of the GPU\'s memory, and .* device="cpu", where a picture takes'):
        fit(model, PARTS, GPU, torch.float16)


def test_a_part_passes_through_the_computers_memory_on_its_way_to_the_gpu(model, free):
    free["cpu"] = (model / "unet/diffusion_pytorch_model.safetensors").stat().st_size - 1
    with pytest.raises(ModelError, match="of the computer's memory"):
        fit(model, PARTS, GPU, torch.float16)


def test_a_model_far_larger_than_the_memory_is_refused_without_being_read(model):
    """Its file is no more than a head that promises 4,000 GB."""
    head = json.dumps({"w": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}).encode()
    file = model / "unet/diffusion_pytorch_model.safetensors"
    file.write_bytes(len(head).to_bytes(8, "little") + head)
    with pytest.raises(
        ModelError, match="The model needs 4000.* GB of memory, and .* GB are free: shut down"
    ):
        load_components(model, "cpu", torch.float32)


@pytest.mark.parametrize("content", [b"", b"half", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0[]"])
def test_a_damaged_file_is_left_to_loading_to_name(content, model):
    (model / "unet/diffusion_pytorch_model.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match="unet/diffusion_pytorch_model.safetensors is damaged"):
        load_components(model, "cpu", torch.float32)


def test_a_safety_checker_counts(model, free):
    save_tiny_checker(model)
    free["cpu"] = weights(model, 4) + 2 * work(4)
    assert fit(model, PARTS, CPU, torch.float32) == Fit(careful=False, offload=False)
    assert fit(model, [*PARTS, "safety_checker"], CPU, torch.float32).careful


def test_little_memory_is_said_in_one_line_and_the_picture_is_the_same(model, free, capsys):
    expected = generate(load_components(model, "cpu", torch.float32), "mars", [0, 1], 2, 3.0)
    assert capsys.readouterr().out == ""
    free["cpu"] = weights(model, 4) + work(4)
    components = load_components(model, "cpu", torch.float32)
    said = capsys.readouterr().out
    assert said == "Memory is scarce: pictures are decoded one by one, and large ones in tiles.\n"
    assert components.vae.use_slicing and components.vae.use_tiling
    pictures = generate(components, "mars", [0, 1], 2, 3.0)
    for picture, other in zip(pictures, expected):
        assert max(high for _, high in difference(picture, other)) <= 1


def test_an_offloaded_unet_paints_the_same(model, capsys):
    expected = generate(load_components(model, "cpu", torch.float32), "mars", 0, 2, 3.0)
    components = load_components(model, "cpu", torch.float32)
    said = ease(components, Fit(careful=False, offload=True), CPU)
    assert said == "Memory is scarce: the U-Net's weights visit the GPU layer by layer, which takes longer."
    assert generate(components, "mars", 0, 2, 3.0)[0].tobytes() == expected[0].tobytes()


def test_a_macs_attention_is_sliced(model):
    components = load_components(model, "cpu", torch.float32)
    said = ease(components, Fit(careful=True, offload=False), torch.device("mps"))
    assert "attention is computed in slices" in said
    assert "Sliced" in type(next(iter(components.unet.attn_processors.values()))).__name__


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "memory.max": "1000\n",
                "memory.current": "900\n",
                "memory.stat": "file 500\ninactive_file 300\n",
            },
            400,
        ),
        ({"memory.max": "max\n", "memory.current": "900\n", "memory.stat": "inactive_file 300\n"}, math.inf),
        (
            {
                "memory/memory.limit_in_bytes": "1000",
                "memory/memory.usage_in_bytes": "900",
                "memory/memory.stat": "total_rss 1\n",
            },
            100,
        ),
        ({}, math.inf),
    ],
)
def test_a_container_has_less_than_its_machine(files, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    machine = memory.psutil.virtual_memory().available
    assert memory.free_memory(CPU) == pytest.approx(min(expected, machine), rel=0.1)


def difference(picture, other):
    from PIL import ImageChops

    return ImageChops.difference(picture, other).getextrema()
