"""Each mistake gets one sentence that says what to do."""

import types
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from tiny import tiny_tokenizer

from helpers import errors
from helpers.errors import InputError, ModelError


def the_message(check, *arguments):
    with pytest.raises((InputError, ModelError)) as caught:
        check(*arguments)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    return message


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "\0", "\ufeff", "\u200b\u3164", "\ufe0f", "\u2800"])
def test_an_empty_prompt_asks_for_one(prompt):
    message = 'The prompt is empty: say what to paint, such as "an astronaut on mars".'
    assert the_message(errors.check_prompt, prompt) == message


@pytest.mark.parametrize("prompt", [None, 7])
def test_a_prompt_that_is_no_text_says_so(prompt):
    assert "A prompt is text" in the_message(errors.check_prompt, prompt)


def test_any_text_is_a_prompt():
    for prompt in ("mars", "火星の宇宙飛行士 🚀", "มาร์ส", "?!", "🚀", "42"):
        assert errors.check_prompt(prompt) == prompt


def test_half_a_character_is_named_in_letters_that_can_be_printed():
    message = the_message(errors.check_prompt, "mars \ud83d")
    assert "half a character, '\\ud83d': type that character again" in message and message.isascii()
    errors.check_prompt("mars \U0001f680")


def test_a_value_is_shown_in_a_few_words():
    assert errors.shown(torch.zeros(2, 3)) == "a Tensor of shape (2, 3)"
    for value in (
        np.zeros((900, 900)),
        list(range(10**5)),
        "mars " * 1000,
        10**5000,
        object(),
        tiny_tokenizer,
    ):
        assert len(errors.shown(value)) < 60 and "\n" not in errors.shown(value)
    for value in (3, 0.5, "mars", None, True):
        assert errors.shown(value) == repr(value)


@pytest.mark.parametrize("shape", [(64, 64), (512, 768), (8, 8)])
def test_multiples_of_eight_are_fine(shape):
    errors.check_size(*shape, 8)


@pytest.mark.parametrize(
    ("wrong", "what", "near"),
    [
        (100, "100 is not a multiple of 8 pixels", 96),
        (7, "7 is not a multiple of 8 pixels", 8),
        (0, "of 0 pixels is too small", 8),
        (-64, "of -64 pixels is too small", 8),
        (64.5, "must be a whole number of pixels, not 64.5", 64),
        ("128", "must be a whole number of pixels, not '128'", 128),
        ("mars", "must be a whole number of pixels, not 'mars'", 128),
        (None, "must be a whole number of pixels, not None", 128),
        (float("nan"), "must be a whole number of pixels, not nan", 128),
        (float("inf"), "must be a whole number of pixels, not inf", 128),
        (1e30, "of 1e+30 pixels is too large", 8192),
    ],
)
def test_a_wrong_size_names_the_side_its_cause_and_a_size_that_works(wrong, what, near):
    message = the_message(errors.check_size, 64, wrong, 8)
    assert message.startswith(f"The width {what}: take ") and f" {near}" in message.split(": take")[1]
    errors.check_size(64, near, 8)
    assert message.replace("width", "height") == the_message(errors.check_size, wrong, 64, 8)


@pytest.mark.parametrize(
    "name", [None, 3, "", "  ", b"mars", "mars\0", "x" * 5000, "mars\ud83d", ["mars"], "~" * 300]
)
def test_what_names_no_file_or_folder_says_so(name):
    message = the_message(errors.check_path, name)
    assert message.startswith("A folder ") and message.isascii() and len(message) < 120


def test_a_path_is_a_text_or_a_path_of_something_that_may_be_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for path in (tmp_path, tmp_path / "none", tmp_path / "none" / "火"):
        assert errors.check_path(path) == errors.check_path(str(path)) == path
    assert errors.check_path("~/pictures") == tmp_path / "pictures"


def test_an_array_is_numbers_of_the_named_shape_from_whatever_holds_them():
    for right in ([[1, 2, 3]], np.ones((4, 3), np.float32), torch.ones(1, 3), ((1.5, 2, np.int64(3)),)):
        array = errors.check_array(right, "The angles", "n, 3")
        assert isinstance(array, np.ndarray) and array.dtype == np.asarray(right).dtype
    for wrong in (
        None,
        "mars",
        [],
        [[1, 2], [3]],
        np.ones(3),
        np.ones((3, 2)),
        [[True] * 3],
        [["a"] * 3],
        1j,
    ):
        assert the_message(errors.check_array, wrong, "The angles", "n, 3").startswith("The angles must ")
    assert "NaN" in the_message(errors.check_array, [[1, np.nan, 3]], "The angles", "n, 3")
    errors.check_array([1, np.nan], "The heights", "n", finite=False)


def test_a_number_keeps_to_its_limits():
    for right in (0.1, 5, np.float32(2), torch.tensor(3)):
        assert errors.check_number(right, "The rate", above=0, most=5) == float(right)
    for wrong in (0, -1, 5.1, None, "1", True, float("nan"), 10**400):
        message = the_message(partial(errors.check_number, above=0, most=5), wrong, "The rate")
        assert message.startswith("The rate must be a number above 0 up to 5, not ")
    assert errors.check_number(0, "The hold", least=0) == 0
    assert torch.ones(1) / errors.check_number(10**25, "The largest") == pytest.approx(1e-25)
    with pytest.raises(InputError, match="The hold must be a number from 0 up, not -1."):
        errors.check_number(-1, "The hold", least=0)
    assert the_message(errors.check_number, "1", "The rate") == "The rate must be a number, not '1'."


def test_a_switch_is_true_or_false_of_any_type():
    for true, false in (
        (True, False),
        (1, 0),
        (np.bool_(True), np.int64(0)),
        (torch.tensor(True), np.array(0)),
    ):
        assert errors.check_flag(true, "online") is True and errors.check_flag(false, "online") is False
    for wrong in (None, "no", 2, 0.5, [], np.ones(2), float("nan")):
        assert the_message(errors.check_flag, wrong, "online").startswith("online is True or False, not ")


def test_a_choice_lists_what_there_is():
    assert errors.check_choice("red", ("red", ""), "colour") == "red"
    for wrong in ("blue", None, 3, "\ud83d", np.array(["red", "blue"]), torch.zeros(2), "x" * 5000, ["red"]):
        message = the_message(errors.check_choice, wrong, ("red", ""), "colour")
        assert message.startswith("There is no colour ") and message.endswith(': take "red" or "".')
        message.encode()


def test_a_part_that_is_missing_is_named():
    whole = types.SimpleNamespace(unet=1, vae=None)
    message = "The components can't be without vae: give what load_components(MODEL) returns."
    assert message == the_message(
        errors.check_parts, whole, "The components", ("unet", "vae"), "load_components(MODEL)"
    )


def test_a_side_has_an_upper_limit_that_works():
    assert "The height of 1000000 pixels is too large: take 8192 at most." == the_message(
        errors.check_size, 10**6, 64, 8
    )
    errors.check_size(8192, 64, 8)


def test_a_vae_with_a_larger_factor_asks_for_its_own_multiples():
    errors.check_size(64, 64, 16)
    assert "not a multiple of 16 pixels: take 64." in the_message(errors.check_size, 64, 72, 16)
    assert "not a multiple of 8 pixels" in the_message(errors.check_size, 64, 68, 4)


@pytest.mark.parametrize("steps", [0, -1, 1001, 1.5, "30", None, True])
def test_wrong_steps_name_the_range(steps):
    expected = (
        f"The number of steps must be a whole number from 1 to 1000, not {steps!r}: 30 is a good start."
    )
    assert the_message(errors.check_steps, steps) == expected


def test_one_and_a_thousand_steps_are_fine():
    errors.check_steps(1)
    errors.check_steps(1000)


@pytest.mark.parametrize("guidance", [-0.1, float("nan"), float("inf"), "7", None])
def test_wrong_guidance_says_what_is_usual(guidance):
    assert "The guidance scale must be a number from 0 up" in the_message(errors.check_guidance, guidance)


@pytest.mark.parametrize("guidance", [0, 0.5, 1, 7.5, 30])
def test_the_whole_range_of_guidance_can_be_explored(guidance):
    errors.check_guidance(guidance)


def test_an_over_long_prompt_names_exactly_the_words_that_were_cut_off():
    tokenizer = tiny_tokenizer()
    prompt = "mars " * 73 + "on on Mars, ON mars"  # each of these words is one token, and so is the comma
    kept = tokenizer(prompt, truncation=True).input_ids
    assert len(kept) == 77
    with pytest.warns(UserWarning, match='longer than 75 tokens.*cut off: "Mars, ON mars". Shorten it'):
        errors.warn_if_cut(tokenizer, prompt)


def test_a_word_that_is_only_half_read_counts_as_cut_off():
    with pytest.warns(UserWarning, match='cut off: "zebra"'):
        errors.warn_if_cut(tiny_tokenizer(), "mars " * 73 + "zebra")


def test_of_a_text_without_spaces_only_what_was_not_read_counts_as_cut_off():
    tokenizer, prompt = tiny_tokenizer(), "火星" * 140  # three tokens a character
    with pytest.warns(UserWarning) as caught:
        errors.warn_if_cut(tokenizer, prompt)
    message = str(caught[0].message)
    kept = 25
    assert f'cut off: "{prompt[kept : kept + 70]} … {prompt[-40:]}". Shorten it' in message
    with warnings.catch_warnings():  # the advice, followed
        warnings.simplefilter("error")
        errors.warn_if_cut(tokenizer, prompt[:kept])


def test_the_warning_of_a_very_long_prompt_is_short():
    with pytest.warns(UserWarning) as caught:
        errors.warn_if_cut(tiny_tokenizer(), "mars on " * 5000)
    assert len(str(caught[0].message)) < 300


def test_a_prompt_that_just_fits_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        errors.warn_if_cut(tiny_tokenizer(), "mars " * 75)
        errors.warn_if_cut(tiny_tokenizer(), "")


def test_nan_in_half_precision_names_the_device_and_the_remedy():
    wrong = torch.tensor([1.0, float("nan")]).half()
    message = the_message(errors.check_finite, wrong, "The U-Net's output at timestep 951")
    assert message == (
        "The U-Net's output at timestep 951 holds values that are not numbers (NaN), and the usual cause is "
        "float16 on this device (cpu): load the model with dtype=torch.float32."
    )


def test_nan_in_full_precision_does_not_blame_half_precision():
    wrong = torch.tensor([float("inf")])
    message = the_message(errors.check_finite, wrong, "The VAE's output")
    assert "float16" not in message and "load the model again" in message


def test_numbers_pass():
    errors.check_finite(torch.tensor([1.0, -60000.0]).half(), "It")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
    ],
)
def test_every_librarys_memory_error_becomes_one_sentence(error):
    def fail():
        with errors.clear_memory_error():
            raise error

    assert the_message(fail).startswith("There is not enough memory: make fewer or smaller pictures at once")


def test_other_errors_are_left_as_they_are():
    with pytest.raises(RuntimeError, match="shapes differ") as caught, errors.clear_memory_error():
        raise RuntimeError("shapes differ")
    assert not isinstance(caught.value, ModelError)
