"""Image-to-image by hand is the library's, to the last bit; any picture becomes one that the model takes."""

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionImg2ImgPipeline,
)
from PIL import Image
from tiny import SHAPES, save_tiny

from helpers.errors import InputError
from helpers.image_to_image import image_to_image, steps_to_run
from helpers.models import load_components
from helpers.seeding import generator
from helpers.show import pictures
from helpers.show.pictures import STAND_IN, load_trappist, open_picture

SCHEDULERS = [
    DDIMScheduler,
    PNDMScheduler,
    EulerDiscreteScheduler,
    DPMSolverMultistepScheduler,
    DDPMScheduler,
]
PROMPTS, NEGATIVE = ["an astronaut on mars", "a planet"], ["red", ""]


@pytest.fixture(scope="module", params=SHAPES)
def components(request, tmp_path_factory):
    return load_components(save_tiny(request.param, tmp_path_factory.mktemp("model")), "cpu", torch.float32)


def random_picture(seed=0, size=(64, 64), mode="RGB"):
    channels = len(Image.new(mode, (1, 1)).getbands())
    numbers = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], channels), np.uint8)
    return Image.fromarray(numbers.squeeze(), mode if channels > 1 else None).convert(mode)


def pixels(pictures):
    return np.stack([np.asarray(picture) for picture in pictures]).astype(int)


def with_scheduler(components, scheduler_class):
    return components._replace(scheduler=scheduler_class.from_config(components.scheduler.config))


@pytest.mark.parametrize("strength", [0.35, 0.8, 1.0])
@pytest.mark.parametrize("scheduler_class", SCHEDULERS)
def test_it_paints_the_pipelines_pictures(components, scheduler_class, strength):
    pictures = [random_picture(1), random_picture(2)]
    options = dict(strength=strength, num_inference_steps=6, guidance_scale=4.0)
    components = with_scheduler(components, scheduler_class)
    ours = image_to_image(components, PROMPTS, pictures, [3, 4], negative_prompts=NEGATIVE, **options)
    pipeline = StableDiffusionImg2ImgPipeline(
        **with_scheduler(components, scheduler_class)._asdict(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        PROMPTS, pictures, negative_prompt=NEGATIVE, generator=[generator(3), generator(4)], **options
    )
    difference = np.abs(pixels(ours) - pixels(theirs.images)).max()
    # Euler's noise is scaled up and down again at strength 1, which may turn a last bit.
    assert difference <= (strength == 1.0 and scheduler_class is EulerDiscreteScheduler)
    assert pixels(ours).std() > 5


def test_one_step_of_a_scheduler_with_two_calls_a_step_is_the_pipelines(components):
    """Heun has 2 N - 1 timesteps; a strength of 0.1 leaves one of ten steps, its last timestep."""
    options = dict(strength=0.1, num_inference_steps=10, guidance_scale=4.0)
    ours = image_to_image(
        with_scheduler(components, HeunDiscreteScheduler), "mars", random_picture(1), 3, **options
    )
    pipeline = StableDiffusionImg2ImgPipeline(
        **with_scheduler(components, HeunDiscreteScheduler)._asdict(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline("mars", random_picture(1), generator=[generator(3)], **options)
    assert np.array_equal(pixels(ours), pixels(theirs.images))


@pytest.mark.parametrize(
    ("steps", "strength", "run"), [(10, 0.6, 6), (10, 0.69, 6), (8, 1.0, 8), (5, 0.2, 1)]
)
def test_strength_says_how_many_steps_are_run(components, steps, strength, run):
    components, seen = with_scheduler(components, DDIMScheduler), []
    image_to_image(components, "mars", random_picture(), 0, strength, steps, 2.0, callback=seen.append)
    assert len(seen) == run == steps_to_run(steps, strength)


@pytest.mark.parametrize("strength", [0, -0.1, 1.01, float("nan"), "half", True])
def test_a_strength_that_can_not_work_is_refused(strength):
    with pytest.raises(InputError, match="above 0 and at most 1"):
        steps_to_run(30, strength)


def test_a_strength_that_leaves_no_step_says_so_with_the_sum(components):
    with pytest.raises(InputError, match=r"int\(30 x 0.03\) = 0 to run.* take 0.04 or more"):
        image_to_image(components, "mars", random_picture(), 0, 0.03, 30, 2.0)


def test_one_picture_with_many_seeds_and_one_seed_with_many_prompts(components):
    assert len(image_to_image(components, "mars", random_picture(), range(3), 0.5, 4, 2.0)) == 3
    assert len(image_to_image(components, PROMPTS, random_picture(), 0, 0.5, 4, 2.0)) == 2
    with pytest.raises(InputError, match="equally many, not 2, 1, 3, 1"):
        image_to_image(components, PROMPTS, random_picture(), range(3), 0.5, 4, 2.0)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (random_picture(mode="RGBA"), "not RGBA: use open_picture first"),
        (random_picture(mode="L"), "not L"),
        ("planet.png", "not 'planet.png': use open_picture"),
        (random_picture(size=(60, 64)), "width 60 is not a multiple of 8"),
        ([random_picture(), random_picture(size=(64, 72))], "different sizes, 64 x 64 and 64 x 72"),
    ],
)
def test_pictures_that_the_model_can_not_take_are_refused(components, monkeypatch, pictures, message):
    monkeypatch.setattr(components.unet, "forward", lambda *_, **__: pytest.fail("it computed"))
    with pytest.raises(InputError, match=message):
        image_to_image(components, "mars", pictures, 0, 0.5, 4, 2.0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(prompts=""), "prompt is empty"),
        (dict(num_inference_steps=0), "steps must be"),
        (dict(guidance_scale=-1), "guidance scale"),
        (dict(seeds=-1), "A seed is"),
    ],
)
def test_other_slips_are_refused(components, wrong, message):
    right = dict(
        prompts="mars",
        pictures=random_picture(),
        seeds=0,
        strength=0.5,
        num_inference_steps=4,
        guidance_scale=2.0,
    )
    with pytest.raises(InputError, match=message):
        image_to_image(components, **{**right, **wrong})


# ------------------------------------------------------------------------------------------- opening pictures


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK"])
@pytest.mark.parametrize("size", [(64, 64), (300, 20), (7, 33), (65, 63)])
def test_any_mode_and_size_becomes_rgb_of_the_size_asked_for(mode, size):
    opened = open_picture(random_picture(size=size).convert(mode), 64)
    assert opened.mode == "RGB" and opened.size == (64, 64)


def test_a_picture_that_fits_is_not_changed(tmp_path):
    picture = random_picture()
    picture.save(tmp_path / "planet.png")
    for given in (picture, tmp_path / "planet.png", str(tmp_path / "planet.png")):
        assert open_picture(given, 64).tobytes() == picture.tobytes()


def test_what_is_transparent_shows_the_background_and_not_what_hides_under_it():
    hidden = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    assert open_picture(hidden, 64).getpixel((5, 5)) == (255, 255, 255)
    assert open_picture(hidden, 64, background="black").getpixel((5, 5)) == (0, 0, 0)
    half = Image.new("RGBA", (64, 64), (255, 0, 0, 128))
    assert open_picture(half, 64, background="black").getpixel((5, 5)) == (128, 0, 0)


def test_a_transparent_colour_of_a_palette_is_transparent(tmp_path):
    palette = Image.new("P", (64, 64), 3)
    palette.putpalette([200, 0, 0] * 256)
    palette.save(tmp_path / "palette.png", transparency=3)
    assert open_picture(tmp_path / "palette.png", 64).getpixel((0, 0)) == (255, 255, 255)


def test_the_middle_is_kept_and_nothing_is_squeezed():
    wide = Image.new("RGB", (300, 100), "black")
    wide.paste("white", (100, 0, 200, 100))
    assert np.asarray(open_picture(wide, 64)).min() > 200
    assert open_picture(wide, (96, 64)).size == (96, 64)


def test_a_photo_that_the_camera_turned_is_turned_back(tmp_path):
    lying = Image.new("RGB", (64, 64), "black")
    lying.paste("white", (0, 0, 32, 64))  # the left half
    exif = lying.getexif()
    exif[274] = 6  # "turn it by 90 degrees to the right": left comes to the top
    lying.save(tmp_path / "photo.png", exif=exif)
    upright = open_picture(tmp_path / "photo.png", 64)
    assert upright.getpixel((32, 5)) == (255, 255, 255) and upright.getpixel((32, 60)) == (0, 0, 0)


def test_sixteen_bit_greys_keep_their_greys(tmp_path):
    greys = np.linspace(0, 65535, 64).astype(np.uint16)[None].repeat(64, 0)
    Image.fromarray(greys).save(tmp_path / "grey.png")
    opened = np.asarray(open_picture(tmp_path / "grey.png", 64))[0, :, 0]
    assert opened[0] == 0 and opened[-1] == 255 and abs(int(opened[32]) - 129) <= 2


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (60, "height 60 is not a multiple of 8"),
        (0, "height of 0 pixels is too small"),
        ((64, 65), "height 65 is not a multiple of 8"),
        ((65, 64), "width 65 is not a multiple of 8"),
        (8.5, "height must be a whole number of pixels, not 8.5: take 8"),
        (None, "height must be a whole number of pixels, not None"),
        ((64, 64, 3), "a side in pixels, or .width, height., not 3 numbers"),
        (np.zeros(0), "not 0 numbers"),
    ],
)
def test_a_size_that_can_not_work_is_refused(size, why):
    with pytest.raises(InputError, match=why):
        open_picture(random_picture(), size)


@pytest.mark.parametrize("size", [(32, 64), [32, 64], np.array([32, 64]), torch.tensor([32.0, 64.0])])
def test_a_size_of_both_sides_comes_in_any_sequence(size):
    assert open_picture(random_picture(), size).size == (32, 64)


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(InputError, match="is a folder: give the name of a file in it"):
        open_picture(tmp_path, 64)


def test_what_is_no_picture_is_named(tmp_path):
    text, cut = tmp_path / "notes.png", tmp_path / "cut.png"
    text.write_text("no picture")
    random_picture().save(cut)
    cut.write_bytes(cut.read_bytes()[:3000])
    for given, message in [
        ("no-such-file.png", "no-such-file.png can't be opened .*slip in its name"),
        ("https://example.org/planet.png", "web address has to be downloaded first"),
        (text, "notes.png can't be opened .*no picture that Pillow knows"),
        (cut, "save it anew"),
        (None, "can't be opened"),
    ]:
        with pytest.raises(InputError, match=message):
            open_picture(given, 64)
    with pytest.raises(InputError, match="no known white"):
        open_picture(Image.new("F", (64, 64)), 64)


# ------------------------------------------------------------------------------------------------ TRAPPIST-1e


def test_offline_it_is_the_stand_in_and_the_network_is_not_asked(monkeypatch):
    monkeypatch.setattr(pictures, "urlopen", lambda *_, **__: pytest.fail("it asked the network"))
    picture, line = load_trappist(64)
    assert picture.size == (64, 64) and picture.mode == "RGB" and line.startswith("A stand-in")


def test_online_it_is_the_picture_that_is_fetched(monkeypatch, tmp_path):
    Image.new("RGBA", (70, 64), (0, 0, 255, 255)).save(tmp_path / "nasa.png")
    monkeypatch.setattr(pictures, "TRAPPIST_1E", (tmp_path / "nasa.png").as_uri())
    picture, line = load_trappist(64, online=True)
    assert picture.getpixel((9, 9)) == (0, 0, 255) and "NASA/JPL-Caltech" in line and "stand-in" not in line


def test_where_the_fetching_fails_the_line_says_so(monkeypatch, tmp_path):
    (tmp_path / "page.png").write_text("<html>moved</html>")
    for address, error in [("missing.png", "URLError"), ("page.png", "UnidentifiedImageError")]:
        monkeypatch.setattr(pictures, "TRAPPIST_1E", (tmp_path / address).as_uri())
        picture, line = load_trappist(64, online=True)
        assert picture.size == (64, 64) and f"could not be fetched ({error}), so: A stand-in" in line


def test_the_stand_in_is_a_large_rgb_picture_in_a_small_file():
    with Image.open(STAND_IN) as picture:
        assert picture.mode == "RGB" and min(picture.size) >= 1024
    assert STAND_IN.stat().st_size <= 1e6
