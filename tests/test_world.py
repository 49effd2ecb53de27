"""Pocket Planets: a seed always gives the same picture, captions tell the truth, held-out stays out."""

import re
import zlib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from worlds import eyeball, seeds, surfaces
from worlds import planets as world
from worlds.sheet import contact_sheet

ROOT = Path(__file__).parent.parent


def scenes(count, held_out=False):
    rng = np.random.default_rng(1)
    return [world.sample_scene(rng, held_out) for _ in range(count)]


def test_a_seed_always_gives_the_same_picture_caption_and_scene():
    for seed in range(5):
        picture, caption, scene = world.draw(seed)
        again, same_caption, same_scene = world.draw(seed)
        assert np.array_equal(picture, again) and (caption, scene) == (same_caption, same_scene)


def test_seeds_differ():
    assert len({zlib.crc32(np.asarray(world.draw(seed)[0]).tobytes()) for seed in range(20)}) == 20


@pytest.mark.parametrize("style", world.ATTRIBUTES["style"])
@pytest.mark.parametrize("kind", [*surfaces.KINDS, *world.ATTRIBUTES["place"]])
def test_every_kind_and_place_can_be_painted_in_every_style(kind, style):
    rng = np.random.default_rng(0)
    if kind in surfaces.KINDS:
        scene = {
            "view": "space",
            "kind": kind,
            "size": "giant",
            "rings": "rings",
            "moons": "three moons",
            "background": "blue nebula",
            "colour": "red",
        }
    else:
        scene = {"view": "surface", "place": kind, "time": "night", "sky": "ringed planet", "figure": "robot"}
    picture = world.render({**scene, "style": style}, rng)
    assert picture.shape == (world.SIZE, world.SIZE, 3) and picture.dtype == np.uint8
    assert picture.std() > 8  # something is to be seen


def test_all_attributes_that_can_vary_do_vary():
    seen = {name: set() for name in world.ATTRIBUTES}
    for scene in scenes(600):
        for name, value in scene.items():
            seen[name].add(value)
    assert {name: set(values) for name, values in world.ATTRIBUTES.items()} == seen


def test_training_never_sees_a_held_out_combination():
    assert not any(world.is_held_out(scene) for scene in scenes(2000))
    assert all(world.is_held_out(scene) for scene in scenes(100, held_out=True))


def test_a_scene_has_the_attributes_that_are_wanted():
    rng = np.random.default_rng(0)
    for held_out in (False, True, None):
        scene = world.sample_scene(rng, held_out, figure="rocket", time="night")
        assert scene["figure"] == "rocket" and scene["time"] == "night"
        assert held_out in (None, world.is_held_out(scene))


def test_every_held_out_combination_can_be_drawn():
    drawn = scenes(600, held_out=True)
    for combination in world.HELD_OUT:
        assert any(combination.items() <= scene.items() for scene in drawn), combination


def test_attributes_survive_the_way_into_numbers_and_back():
    for scene in scenes(200):
        assert world.decode(world.encode(scene)) == scene


def test_a_full_caption_names_every_attribute():
    rng = np.random.default_rng(0)
    for scene in scenes(300):
        caption = world.caption(scene, rng, "full")
        for name, value in scene.items():
            unsaid = value in ("space", "surface", "plain", "medium") or value.startswith("no ")
            assert unsaid or world.WORDS.get(value, [value])[0] in caption, (name, caption)


def test_two_scenes_that_differ_have_different_full_captions():
    rng = np.random.default_rng(0)
    captions = {}
    for scene in scenes(800):
        key = tuple(sorted(scene.items()))
        assert captions.setdefault(world.caption(scene, rng, "full"), key) == key


def test_captions_say_what_is_not_there_and_tell_the_truth():
    rng = np.random.default_rng(0)
    denials = ("no ", "without ", "alone", "by itself")
    said = 0
    for scene in scenes(3000):
        words = world.caption(scene, rng)
        if scene["view"] == "space" and any(denial in words for denial in denials):
            said += 1
            for name in ("rings", "moons"):
                if scene[name].startswith("no "):
                    continue
                assert f"no {name}" not in words and f"without {name}" not in words and "alone" not in words
    assert said > 300


def test_a_hero_picture_shows_the_same_as_the_small_one():
    scene = world.sample_scene(np.random.default_rng(8))
    small = world.render(scene, np.random.default_rng(3))
    large = world.render(scene, np.random.default_rng(3), size=512)
    shrunk = large.reshape(128, 4, 128, 4, 3).mean((1, 3))
    assert large.shape == (512, 512, 3) and np.abs(shrunk - small).mean() < 1
    with pytest.raises(ValueError, match="multiple of 128"):
        world.render(scene, np.random.default_rng(3), size=200)


def test_as_many_moons_are_painted_as_asked_for_and_they_stand_apart():
    for seed, scene in enumerate(scenes(300)):
        if scene["view"] == "surface":
            continue
        _, ((what, x, y, radius), *moons) = world.paint(scene, np.random.default_rng(seed))
        assert what == "planet" and len(moons) == world.ATTRIBUTES["moons"].index(scene["moons"])
        for _, a, b, r in moons:
            assert np.hypot(a - x, b - y) > radius + r and r < min(a, b) and max(a, b) < 128 - r
        apart = [np.hypot(a - c, b - d) for _, a, b, _ in moons for _, c, d, _ in moons if a != c]
        assert not apart or min(apart) > 32


def test_faults_are_drawn_as_they_are_named():
    for seed in range(60):
        picture, scene = world.draw_faulty(seed)
        assert picture.shape == (128, 128, 3) and picture.dtype == np.uint8
        faults = (
            scene["rings"] == "broken rings",
            scene["moons"].startswith("four"),
        )
        assert any(faults)
        row = world.encode_judged(scene)
        assert world.decode(row, world.JUDGED) == scene and (row[: len(world.ATTRIBUTES)] >= -1).all()


def test_captions_are_never_empty_and_vary_as_peoples_do():
    rng = np.random.default_rng(0)
    captions = [world.caption(scene, rng) for scene in scenes(2000)]
    words = [len(caption.split()) for caption in captions]
    assert min(words) >= 1 and all(caption == caption.strip() for caption in captions)
    assert 0.05 < np.mean(np.array(words) <= 2) < 0.3  # short ones, as negative prompts are
    assert len(set(captions)) > 1200
    assert any("explorer" in caption for caption in captions) and "a planet" in captions


def test_two_styles_of_one_scene_differ_and_a_sketch_has_no_colour():
    scene = {"view": "surface", "place": "mars", "time": "day", "sky": "sun", "figure": "astronaut"}
    styles = world.ATTRIBUTES["style"]
    pictures = {s: world.render({**scene, "style": s}, np.random.default_rng(3)) for s in styles}
    assert np.abs(pictures["plain"].astype(int) - pictures["watercolour"]).mean() > 10
    sketch = pictures["sketch"].astype(int)
    assert np.abs(sketch[..., 0] - sketch[..., 2]).max() < 40  # the paper's own tint at most


def test_a_contact_sheet_holds_all_pictures_with_their_captions_or_without():
    pictures, captions, _ = zip(*map(world.draw, range(5)))
    assert contact_sheet(pictures, 2, captions).size == (2 * (world.SIZE + 12), 3 * (world.SIZE + 40))
    bare = np.asarray(contact_sheet(pictures, 2))
    assert bare.shape == (3 * world.SIZE, 2 * world.SIZE, 3)
    assert np.array_equal(bare[world.SIZE : 2 * world.SIZE, world.SIZE :], np.asarray(pictures[3]))
    with pytest.raises(ValueError, match="zip"):
        contact_sheet(pictures, 2, captions[:3])


@pytest.mark.parametrize("videos", [False, True])
def test_no_seed_serves_two_purposes(videos):
    ranges = {name: each for name, each in vars(seeds).items() if isinstance(each, range)}
    ranges = {name: each for name, each in ranges.items() if name.startswith("VIDEO") == videos}
    assert len(ranges) > 2
    for (name, one), (other, two) in combinations(ranges.items(), 2):
        assert one.stop <= two.start or two.stop <= one.start, f"{name} and {other} share seeds"


def test_seeds_stand_in_the_table_alone():
    rooms = (ROOT / room for room in ("helpers", "training", "measure", "tools", "worlds"))
    for file in (file for room in rooms for file in room.rglob("*.py") if file.name != "seeds.py"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\b\d_?000_?000_?000\b|10 ?\*\* ?(7|8|9|10)\b", text), file


def test_a_new_kind_of_planet_is_painted_but_never_drawn_at_random():
    assert set(surfaces.KINDS) - set(world.ATTRIBUTES["kind"]) == {eyeball.KIND}
