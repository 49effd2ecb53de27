"""Whatever a user passes in: every number type is a number, and what can't work gets one sentence.

Each argument of each public function of helpers' flat modules, and of what opens a picture, is replaced by
values of every kind. The answer is a result, or one sentence of the project's own; nothing else.
"""

import inspect
import io
import warnings
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny import tiny_parts

from helpers import attention, denoising, errors, image_to_image, judge, models, seeding
from helpers.errors import InputError, ModelError
from helpers.machine import choice
from helpers.show import pictures

few = settings(
    max_examples=9,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MODULES = (models, choice, seeding, denoising, image_to_image, attention, judge, pictures)
# Not for users: they take what a function of the table has checked, decorate, or load what a training made.
INNER = {
    *("embed", "predict", "run_steps", "set_steps", "encode_pixels", "one_at_a_time", "load_trained"),
    *("check_vae", "check_components", "check_embeddings", "check_generators", "check_images"),
    *("bar_delay", "mend"),
    *("device_and_dtype", "load_pipeline"),  # no arguments; those of load_components
}


@cache
def parts():
    components = models.Components(**tiny_parts("like sd"))
    return components._replace(scheduler=DDIMScheduler.from_config(components.scheduler.config))


def picture():
    return Image.new("RGB", (64, 64), (180, 90, 40))


def good(name):
    """Arguments with which a public function works, or ends at once for want of a folder."""
    latents, embeddings = torch.zeros(1, 4, 8, 8), torch.zeros(2, 77, 48)
    look = {"view": "space", "kind": "rocky"}
    paint = dict(components=parts(), prompts="mars", seeds=0, num_inference_steps=1, guidance_scale=3.0)
    paint |= dict(negative_prompts="red", callback=None)
    x0 = dict(noise_pred=latents, t=500, latents=latents, alphas_cumprod=parts().scheduler.alphas_cumprod)
    recorder = attention.RecordingProcessor()
    recorder.weights = torch.full((1, 2, 16, 77), 1 / 77)
    return {
        "settings": dict(model="models/pocket-planets"),
        "model_folder": dict(model="models/pocket-planets"),
        "chosen": dict(model="models/pocket-planets"),
        "load_components": dict(model="no-such-folder", device="cpu", dtype=torch.float32),
        "load_clip": dict(model="no-such-folder"),
        "pixels_per_latent": dict(vae=parts().vae),
        "latent_shape": dict(components=parts(), height=64, width=64),
        "picture_size": dict(components=parts()),
        "generator": dict(seed=3),
        "initial_noise": dict(
            shape=(4, 8, 8), generators=[seeding.generator(0)], device="cpu", dtype=torch.float32
        ),
        "encode_prompts": dict(components=parts(), prompts=["mars"], negative_prompts=["red"]),
        "guided_noise": dict(
            unet=parts().unet, model_input=latents, t=500, text_embeddings=embeddings, guidance_scale=3.0
        ),
        "denoise": dict(
            components=parts(),
            text_embeddings=embeddings,
            latents=latents,
            guidance_scale=3.0,
            num_inference_steps=1,
            scheduler=None,
            callback=None,
            generators=None,
            start=0,
            after_step=None,
        ),
        "alpha_cumprod_at": dict(t=500, alphas_cumprod=x0["alphas_cumprod"]),
        "predicted_x0": x0 | dict(prediction_type="epsilon"),
        "to_pixels": dict(pictures=[picture()], device="cpu"),
        "to_uint8": dict(pixels=torch.zeros(1, 3, 8, 8)),
        "encode_picture": dict(vae=parts().vae, pictures=[picture()], generators=None),
        "decode": dict(vae=parts().vae, latents=latents),
        "generate": paint | dict(height=64, width=64, scheduler=None),
        "one_each": {},
        "steps_to_run": dict(num_inference_steps=10, strength=0.5),
        "image_to_image": paint | dict(pictures=picture(), strength=1.0),
        "recorded_attention": dict(unet=parts().unet),
        "token_maps": dict(recorders={"layer": recorder}, height=8, width=8),
        "level_size": dict(places=16, height=8, width=8),
        "word_places": dict(tokenizer=parts().tokenizer, prompt="on mars", words="mars"),
        "lit": dict(picture=picture(), weights=torch.ones(4, 4), brightest=1.0),
        "load_judge": dict(model="models/pocket-planets", device="cpu"),
        "adherence": dict(seen=[look], scenes=[look]),
        "marks": dict(look=look, scene=look),
        "load_pocket_judge": dict(folder=judge.FOLDER, device="cpu"),
        "classify": dict(judge=pocket_judge(), pictures=np.zeros((1, 128, 128, 3), np.uint8), batch=64),
        "open_picture": dict(path_or_picture=picture(), size=64, background="white"),
        "load_trappist": dict(size=64),
    }[name]


@cache
def pocket_judge():
    return judge.load_pocket_judge()


def public_functions():
    return {
        name: value
        for module in MODULES
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
        if not name.startswith("_") and name not in INNER
    }


FUNCTIONS = public_functions()
ARGUMENTS = [(name, argument) for name in FUNCTIONS for argument in good(name)]
NOISE = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
OTHER = [
    *(None, True, False, 3j, ..., object(), int, dict, lambda *_: None, parts(), Path("no such")),
    *([], (), {}, set(), [None], [[]], ["mars", 3], range(0), range(3), {"view": None}, {"a": 1}, iter([1])),
    *(np.bool_(True), np.array(["mars"]), np.zeros((64, 64, 3), np.uint8), np.zeros(0), torch.float16),
    *(torch.tensor(True), torch.zeros(0), torch.zeros(2, 3), NOISE, NOISE * np.nan, NOISE.long()),
    *(np.array([1, np.nan]), torch.zeros(4, 77, 48), torch.zeros(2, 77, 9), torch.zeros(1, 4, 7, 8)),
    *(torch.zeros(1, 4, 8, 8).half(), Fraction(1, 3)),
    *(b"mars", io.BytesIO(b"mars"), picture().convert("RGBA"), [picture()] * 2, Image.new("L", (7, 3))),
    *([picture(), Image.new("RGB", (8, 8))], DDIMScheduler, FlowMatchEulerDiscreteScheduler()),
    *(seeding.generator(1), [seeding.generator(1)] * 2, lambda: 1, "cuda", "float16", "ddim"),
    *("\ud83d", "\0", "\ufeff", "mars\n"),
]
NUMBERS = st.one_of(
    st.integers(-3, 9),
    st.sampled_from([2**31, 2**63, -(2**63), 10**5000, 1e30, 1e-30, 8.5, np.float32(0.5), np.int64(-1)]),
    st.floats(width=32),
)
ANYTHING = st.one_of(st.sampled_from(OTHER), NUMBERS, st.text(max_size=12), st.lists(NUMBERS, max_size=3))


def is_a_sentence(error):
    message = str(error)
    assert message.endswith(".") and "\n" not in message and 20 < len(message) < 600, message
    message.encode()  # it can be printed
    return True


def test_every_public_function_is_tried_with_each_of_its_arguments():
    for name, function in FUNCTIONS.items():
        parameters = inspect.signature(function).parameters.values()
        named = {each.name for each in parameters if each.kind is not each.VAR_POSITIONAL}
        assert named - set(good(name)) <= {
            "online",
            "progress",
            "after_step",
            "scheduler",
            "safety_checker",
        }, name


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if good(name).get("model") != "no-such-folder"])
def test_the_examples_work(name):
    FUNCTIONS[name](*([[1]] if name == "one_each" else []), **good(name))


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_any_value_is_taken_or_gets_one_sentence(name, argument):
    @few
    @given(ANYTHING)
    def tried(value):
        try:
            with warnings.catch_warnings(action="ignore"):
                result = FUNCTIONS[name](**good(name) | {argument: value})
                if hasattr(result, "__enter__") and name == "recorded_attention":
                    with result:
                        pass
        except (InputError, ModelError) as error:
            assert is_a_sentence(error)

    tried()


@pytest.mark.parametrize("value", OTHER, ids=lambda value: type(value).__name__)
def test_generate_answers_each_kind_in_each_argument(value):
    for argument in good("generate"):
        try:
            with warnings.catch_warnings(action="ignore"):
                denoising.generate(**good("generate") | {argument: value})
        except (InputError, ModelError) as error:
            assert is_a_sentence(error)


# ---------------------------------------------------------------------------------------------------- numbers

TYPES = [
    float,
    np.int64,
    np.float32,
    np.uint16,
    torch.tensor,
    np.array,
    lambda n: torch.tensor(float(n)),
    Fraction,
]


@few
@given(st.integers(1, 200), st.sampled_from(TYPES))
def test_a_whole_number_of_any_type_is_that_number(number, kind):
    value = kind(number)
    for check in (errors.check_seed, errors.check_steps, errors.check_guidance):
        assert check(value) == number and type(check(value)) in (int, float)
    assert errors.check_size(kind(8 * number), 64, 8) == (8 * number, 64)
    assert errors.check_start(value, 201) == number
    assert torch.equal(seeding.generator(value).get_state(), seeding.generator(number).get_state())


@pytest.mark.parametrize("kind", TYPES)
def test_numbers_of_any_type_paint_the_same_picture(kind):
    plain = good("generate") | dict(seeds=3, num_inference_steps=2, guidance_scale=4)
    typed = plain | {
        name: kind(plain[name]) for name in ("seeds", "num_inference_steps", "guidance_scale", "height")
    }
    assert denoising.generate(**typed)[0].tobytes() == denoising.generate(**plain)[0].tobytes()


@pytest.mark.parametrize("several", [[3, 4], (3, 4), range(3, 5), np.array([3, 4]), torch.tensor([3, 4])])
def test_seeds_come_in_any_sequence(several):
    two, expected = (denoising.generate(**good("generate") | dict(seeds=each)) for each in (several, [3, 4]))
    assert [each.tobytes() for each in two] == [each.tobytes() for each in expected]


@pytest.mark.parametrize("true", [True, np.bool_(True), torch.tensor(True)])
def test_true_is_no_number(true):
    for check in (errors.check_seed, errors.check_steps, errors.check_guidance, errors.check_strength):
        with pytest.raises(InputError, match="not .*True"):
            check(true)


# ----------------------------------------------------------------------------- the advice cures what it names


def test_none_means_no_negative_prompt():
    none, empty = (good("generate") | dict(negative_prompts=negative) for negative in (None, ""))
    assert denoising.generate(**none)[0].tobytes() == denoising.generate(**empty)[0].tobytes()


def test_a_scheduler_by_name_or_class_is_told_how_to_make_one_and_that_works():
    for wrong in ("ddim", DDIMScheduler):
        with pytest.raises(InputError, match="DDIMScheduler.from_config.components.scheduler.config"):
            denoising.generate(**good("generate") | dict(scheduler=wrong))
    made = EulerDiscreteScheduler.from_config(parts().scheduler.config)
    assert denoising.generate(**good("generate") | dict(scheduler=made))


def test_guidance_that_no_number_format_holds_is_named_and_a_usual_one_paints():
    with pytest.raises(InputError, match="from 0 up to 1000, not 1e[+]30.*3 for the pocket model"):
        denoising.generate(**good("generate") | dict(guidance_scale=1e30))
    for scale in (3, 8, 1000):
        assert denoising.generate(**good("generate") | dict(guidance_scale=scale))


def test_a_guidance_function_that_returns_nan_is_named_and_the_weights_are_not_blamed():
    with pytest.raises(InputError, match="What the guidance function returns at timestep .* finite"):
        denoising.generate(**good("generate") | dict(guidance_scale=lambda uncond, cond, t: cond * np.nan))


def test_a_negative_prompt_at_guidance_1_warns_once_and_above_it_changes_the_picture():
    asked = good("generate") | dict(negative_prompts="red", num_inference_steps=3)
    with pytest.warns(
        UserWarning, match="changes nothing: take a guidance scale above 1, such as 3"
    ) as caught:
        at_1 = denoising.generate(**asked | dict(guidance_scale=1, seeds=range(3)))
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with_none = denoising.generate(**asked | dict(guidance_scale=1, seeds=range(3), negative_prompts=""))
        at_5 = [denoising.generate(**asked | dict(guidance_scale=5, negative_prompts=n)) for n in ("red", "")]
    assert [each.tobytes() for each in at_1] == [each.tobytes() for each in with_none]
    assert at_5[0][0].tobytes() != at_5[1][0].tobytes()


def test_a_picture_with_too_many_pixels_is_told_how_many_are_fine_and_those_are(monkeypatch, tmp_path):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2_500_000)
    Image.new("1", (2300, 2300)).save(tmp_path / "huge.png")
    with pytest.raises(InputError, match="too many pixels: make it smaller in a viewer, 2000 x 2000 at most"):
        pictures.open_picture(tmp_path / "huge.png", 64)
    Image.new("1", (2000, 2000)).save(tmp_path / "smaller.png")
    assert pictures.open_picture(tmp_path / "smaller.png", 64).size == (64, 64)


def test_the_bytes_of_a_picture_are_a_picture_and_garbage_is_not():
    raw = io.BytesIO()
    picture().save(raw, "PNG")
    for right in (raw.getvalue(), io.BytesIO(raw.getvalue())):
        assert pictures.open_picture(right, 64).tobytes() == picture().tobytes()
    for wrong in (b"mars", io.BytesIO(b"mars"), np.zeros((64, 64, 3))):
        with pytest.raises(InputError) as caught:
            pictures.open_picture(wrong, 64)
        assert is_a_sentence(caught.value) and len(str(caught.value)) < 150
