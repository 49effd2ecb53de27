"""Whatever a user passes in: every number type is a number, and what can't work gets one sentence.

Each argument of each function that readers call is replaced by values of every kind. The answer is a result,
or one sentence of the project's own; nothing else.
"""

import ast
import contextlib
import importlib
import inspect
import io
import types
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMWuerstchenScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    UnCLIPScheduler,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from right_arguments import NOWHERE, PICTURE, RIGHT, fill, parts
from test_house import FLAT, NOTEBOOKS, code

from helpers import denoising, errors, judge, models, seeding
from helpers.errors import DiskError, InputError, ModelError
from helpers.lesson import trainings
from helpers.show import pictures, plotting

few = settings(
    max_examples=9,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# Of the flat modules, what is not for readers: it takes what another function has checked, decorates, or
# loads what a training made.
INNER = {
    *(denoising.embed, denoising.predict, denoising.run_steps, denoising.set_steps, denoising.encode_pixels),
    *(denoising.one_at_a_time, denoising.one_each, denoising.check_components, denoising.check_embeddings),
    *(models.load_trained, models.check_vae, models.bar_options),
    *(judge.check_images, seeding.check_generators),
    trainings.shortened,  # gives back one of what it gets
}
ARGUMENTS = [
    (function, name)
    for function in RIGHT
    for name, each in inspect.signature(function).parameters.items()
    if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
]


def named(function):
    return f"{function.__module__.removeprefix('helpers.')}.{function.__name__}"


def called_by(notebook):
    """The functions of helpers that a notebook names, exercises' aside: those have tests of their own."""
    names, tree = {}, ast.parse(code(notebook))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers"):
            home = importlib.import_module(node.module)
            for each in node.names:
                with contextlib.suppress(ImportError):
                    importlib.import_module(f"{node.module}.{each.name}")
                names[each.asname or each.name] = getattr(home, each.name)
    for node in ast.walk(tree):
        home = names.get(getattr(getattr(node, "value", None), "id", None))
        if isinstance(node, ast.Attribute) and isinstance(home, types.ModuleType):
            names[node] = getattr(home, node.attr)
    found = {each for each in names.values() if inspect.isfunction(each)}
    return {each for each in found if "exercises" not in each.__module__}


def functions(module):
    own = [each for each in vars(module).values() if inspect.isfunction(each)]
    return {each for each in own if each.__module__ == module.__name__ and each.__name__[0] != "_"}


def called(function, arguments):
    """What a function returns; if that is for a `with` or a `for`, it is begun."""
    parameters = inspect.signature(function).parameters.values()
    first = [arguments.pop(each.name) for each in parameters if each.kind is each.POSITIONAL_ONLY]
    with warnings.catch_warnings(action="ignore"):
        result = function(*first, **arguments)
        if inspect.isgenerator(result):
            next(result, None)
            result.close()
        elif hasattr(result, "__enter__"):
            with result:
                pass
    return result


def asked():
    return RIGHT[denoising.generate](None)


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("here")
    fill(folder)
    return folder


@pytest.fixture
def here(filled, monkeypatch):
    """A folder with what functions read, where others may write; and no network."""
    monkeypatch.chdir(filled)
    monkeypatch.setattr(pictures, "urlopen", lambda *_, **__: (_ for _ in ()).throw(OSError("no network")))
    return filled


NOISE = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
OTHER = [
    *(None, True, False, 3j, ..., object(), int, dict, lambda *_: None, parts(), Path("no such")),
    *([], (), {}, set(), [None], [[]], ["mars", 3], range(0), range(3), {"view": None}, {"a": 1}, iter([1])),
    *(np.bool_(True), np.array(["mars"]), np.zeros((64, 64, 3), np.uint8), np.zeros(0), torch.float16),
    *(torch.tensor(True), torch.zeros(0), torch.zeros(2, 3), NOISE, NOISE * np.nan, NOISE.long()),
    *(np.array([1, np.nan]), torch.zeros(4, 77, 48), torch.zeros(2, 77, 9), torch.zeros(1, 4, 7, 8)),
    *(torch.zeros(1, 4, 8, 8).half(), Fraction(1, 3)),
    *(b"mars", io.BytesIO(b"mars"), PICTURE.convert("RGBA"), [PICTURE] * 2, Image.new("L", (7, 3))),
    *([PICTURE, Image.new("RGB", (8, 8))], DDIMScheduler, FlowMatchEulerDiscreteScheduler()),
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


def test_every_function_that_readers_call_is_tried():
    shown = {getattr(plotting, name) for name in plotting.__all__}
    flat = [importlib.import_module(f"helpers.{name}") for name in FLAT - {"errors"}]
    wanted = set().union(*map(called_by, NOTEBOOKS), *map(functions, flat), filter(inspect.isfunction, shown))
    wanted = {each for each in wanted if inspect.signature(each).parameters}
    assert not {named(each) for each in wanted - INNER - set(RIGHT)}
    assert INNER <= wanted


@pytest.mark.parametrize("function", RIGHT, ids=named)
def test_the_examples_work(function, here):
    arguments = RIGHT[function](here)
    with (
        pytest.raises(ModelError)
        if any(each is NOWHERE for each in arguments.values())
        else contextlib.nullcontext()
    ):
        called(function, arguments)


@pytest.mark.parametrize(
    ("function", "argument"), ARGUMENTS, ids=[f"{named(each)}-{name}" for each, name in ARGUMENTS]
)
def test_any_value_is_taken_or_gets_one_sentence(function, argument, here):
    right = RIGHT[function](here)

    @few
    @given(ANYTHING)
    def tried(value):
        try:
            called(function, right | {argument: value})
        except (InputError, ModelError, DiskError) as error:
            assert is_a_sentence(error)

    tried()


@pytest.mark.parametrize("value", OTHER, ids=lambda value: type(value).__name__)
def test_generate_answers_each_kind_in_each_argument(value):
    for argument in asked():
        try:
            with warnings.catch_warnings(action="ignore"):
                denoising.generate(**asked() | {argument: value})
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
    plain = asked() | dict(seeds=3, num_inference_steps=2, guidance_scale=4)
    typed = plain | {
        name: kind(plain[name]) for name in ("seeds", "num_inference_steps", "guidance_scale", "height")
    }
    assert denoising.generate(**typed)[0].tobytes() == denoising.generate(**plain)[0].tobytes()


@pytest.mark.parametrize("several", [[3, 4], (3, 4), range(3, 5), np.array([3, 4]), torch.tensor([3, 4])])
def test_seeds_come_in_any_sequence(several):
    two, expected = (denoising.generate(**asked() | dict(seeds=each)) for each in (several, [3, 4]))
    assert [each.tobytes() for each in two] == [each.tobytes() for each in expected]


@pytest.mark.parametrize("true", [True, np.bool_(True), torch.tensor(True)])
def test_true_is_no_number(true):
    for check in (errors.check_seed, errors.check_steps, errors.check_guidance, errors.check_strength):
        with pytest.raises(InputError, match="not .*True"):
            check(true)


# ----------------------------------------------------------------------------- the advice cures what it names


def test_none_means_no_negative_prompt():
    none, empty = (asked() | dict(negative_prompts=negative) for negative in (None, ""))
    assert denoising.generate(**none)[0].tobytes() == denoising.generate(**empty)[0].tobytes()


def test_a_scheduler_by_name_or_class_is_told_how_to_make_one_and_that_works():
    for wrong in ("ddim", DDIMScheduler):
        with pytest.raises(InputError, match="DDIMScheduler.from_config.components.scheduler.config"):
            denoising.generate(**asked() | dict(scheduler=wrong))
    made = EulerDiscreteScheduler.from_config(parts().scheduler.config)
    assert denoising.generate(**asked() | dict(scheduler=made))


def test_a_scheduler_of_another_kind_of_model_says_so():
    with pytest.raises(InputError, match="scheduler can't be a DDPMWuerstchenScheduler: make one such as"):
        denoising.generate(**asked() | dict(scheduler=DDPMWuerstchenScheduler()))
    with pytest.raises(InputError, match="UnCLIPScheduler can't make 1 steps: take another scheduler"):
        denoising.generate(**asked() | dict(scheduler=UnCLIPScheduler()))


def test_guidance_that_no_number_format_holds_is_named_and_a_usual_one_paints():
    with pytest.raises(InputError, match="from 0 up to 1000, not 1e[+]30.*3 for the pocket model"):
        denoising.generate(**asked() | dict(guidance_scale=1e30))
    for scale in (3, 8, 1000):
        assert denoising.generate(**asked() | dict(guidance_scale=scale))


def test_a_guidance_function_that_returns_nan_is_named_and_the_weights_are_not_blamed():
    with pytest.raises(InputError, match="What the guidance function returns at timestep .* finite"):
        denoising.generate(**asked() | dict(guidance_scale=lambda uncond, cond, t: cond * np.nan))


def test_a_negative_prompt_at_guidance_1_warns_once_and_above_it_changes_the_picture():
    asking = asked() | dict(negative_prompts="red", num_inference_steps=3)
    with pytest.warns(
        UserWarning, match="changes nothing: take a guidance scale above 1, such as 3"
    ) as caught:
        at_1 = denoising.generate(**asking | dict(guidance_scale=1, seeds=range(3)))
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with_none = denoising.generate(**asking | dict(guidance_scale=1, seeds=range(3), negative_prompts=""))
        at_5 = [
            denoising.generate(**asking | dict(guidance_scale=5, negative_prompts=n)) for n in ("red", "")
        ]
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
    PICTURE.save(raw, "PNG")
    for right in (raw.getvalue(), io.BytesIO(raw.getvalue())):
        assert pictures.open_picture(right, 64).tobytes() == PICTURE.tobytes()
    for wrong in (b"mars", io.BytesIO(b"mars"), np.zeros((64, 64, 3))):
        with pytest.raises(InputError) as caught:
            pictures.open_picture(wrong, 64)
        assert is_a_sentence(caught.value) and len(str(caught.value)) < 150
