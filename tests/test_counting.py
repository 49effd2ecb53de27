"""What notebooks count with: examples, the judge, measured files, CLIP; and the slider that shows sweeps."""

import html
import json
import re

import pytest
from PIL import Image

from helpers import judge
from helpers.errors import InputError, ModelError
from helpers.lesson import examples, measured
from helpers.models import POCKET, load_clip
from helpers.show.sliders import NOTE, slide
from tools.drawings import examples as draw_examples
from worlds import planets as world


def test_the_examples_are_what_the_script_draws(tmp_path, monkeypatch):
    monkeypatch.setattr(draw_examples, "IMAGES", tmp_path)
    monkeypatch.setattr(draw_examples, "PROMPTS", 8)
    monkeypatch.setattr(draw_examples, "PICTURES", 8)
    draw_examples.main()
    drawn = Image.open(tmp_path / "renders.png")
    kept = Image.open(examples.IMAGES / "renders.png").crop((0, 0, *drawn.size))
    differences = [abs(a - b) for a, b in zip(drawn.tobytes(), kept.tobytes())]
    assert sum(differences) / len(differences) < 0.1  # another machine's last bit may round the other way
    assert (
        json.loads((tmp_path / "renders.json").read_text())
        == json.loads((examples.IMAGES / "renders.json").read_text())[:8]
    )


def test_captions_name_the_scenes_that_they_stand_for():
    prompts = examples.load_prompts(256)
    assert len({caption for caption, _ in prompts}) > 200
    for _, scene in prompts:
        assert all(value in world.ATTRIBUTES[name] for name, value in scene.items())
        assert not world.is_held_out(scene)


def test_example_pictures_come_in_the_size_that_is_asked_for():
    assert {e.picture.size for e in examples.load_renders(64)} == {(64, 64)}
    assert len(examples.load_renders()) == 64


@pytest.mark.parametrize("count", [0, 257])
def test_more_prompts_than_there_are_is_an_error(count):
    with pytest.raises(InputError, match="256"):
        examples.load_prompts(count)


def test_the_judge_sees_what_was_drawn():
    drawn = examples.load_renders()
    seen = judge.load_judge().look([example.picture for example in drawn])
    assert set(seen[0]) == set(world.JUDGED)
    each, whole = judge.adherence(seen, [example.scene for example in drawn])
    assert each > 0.97 and whole > 0.85


def test_the_judge_takes_pictures_of_any_size_and_mode():
    [seen] = judge.load_judge().look([Image.new("RGBA", (40, 30), "orange")])
    assert set(seen) == set(world.JUDGED)


def test_adherence_counts_attributes_and_whole_pictures():
    scenes = [{"view": "space", "rings": "rings"}, {"view": "surface", "time": "day"}]
    seen = [{"view": "space", "rings": "no rings", "time": "day"}, {"view": "surface", "time": "day"}]
    assert judge.adherence(seen, scenes) == (0.75, 0.5)
    seen[1]["view"] = "space"  # then its daylight counts for nothing
    assert judge.adherence(seen, scenes) == (0.25, 0)
    with pytest.raises(InputError, match="1 pictures, but 2 scenes"):
        judge.adherence(seen[:1], scenes)


def test_clip_can_stand_in_for_the_judge():
    """Another world's pictures are judged by words. Of the pocket's, the pocket's CLIP gets most right."""
    drawn = examples.load_renders()[:24]
    seen = judge.ClipJudge(*load_clip(POCKET)).look([example.picture for example in drawn])
    right = [
        look["figure"] == example.scene["figure"]
        for look, example in zip(seen, drawn)
        if example.scene.get("figure", "nobody") != "nobody"
    ]
    assert sum(right) / len(right) > 0.6  # by chance one in five


def test_measured_results_come_back_rounded(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "FOLDER", tmp_path)
    monkeypatch.setitem(measured.ABOUT, "thing", ("pocket-clip",))
    measured.save_measured("thing", {"a": [0.123456, 2], "b": {"c": 12345.6}})
    assert measured.load_measured("thing") == {"a": [0.123, 2], "b": {"c": 12300.0}}
    made = json.loads((tmp_path / "thing.json").read_text())["made"]
    assert made["script"] == "python -m measure.thing"
    with pytest.raises(ModelError, match="measured/clip.json is missing: run `python -m measure.clip`"):
        measured.load_measured("clip")
    for wrong in ("other", "x" * 5000, "\0"):
        with pytest.raises(InputError, match='There is no measurement .*: take "clip", "first_picture"'):
            measured.load_measured(wrong)


def test_every_measured_file_has_its_script():
    for file in measured.FOLDER.glob("*.json"):
        assert (measured.ROOT / "measure" / f"{file.stem}.py").is_file(), file.name


def test_a_slider_shows_the_picture_that_it_stands_at():
    colours = ("red", "green", "blue")
    box = slide([Image.new("RGB", (16, 16), c) for c in colours], colours, "colour", "A square.")
    slider, picture = box.children
    first, slider.value = picture.value, 2
    assert picture.value != first
    alts = re.findall('alt="([^"]*)"', first + picture.value)
    assert alts == ["A square. colour: red.", "A square. colour: blue."]


def test_a_slider_computes_each_picture_on_the_spot_and_once():
    made = []

    def square(side):
        made.append(side)
        return Image.new("RGB", (side, side), "red")

    slider, picture = slide(square, range(8, 64, 8), "side", "A square.").children
    assert made == [8] and not slider.continuous_update
    for position in (2, 0, 2):
        slider.value = position
    assert made == [8, 24] and "A square. side: 24." in picture.value
    with pytest.raises(InputError, match="No pictures have 0 labels"):
        slide(square, [], "side", "A square.")


def test_a_slider_wants_a_label_for_each_picture():
    with pytest.raises(InputError, match="label"):
        slide([Image.new("RGB", (8, 8))], [], "t", "A square.")
    with pytest.raises(InputError, match="alt text"):
        slide([Image.new("RGB", (8, 8))], ["0"], "t", "")


def test_a_saved_slider_is_its_sentence_and_speaks_its_label():
    squares = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green")]
    box = slide(squares, ["one & two", 2.5], "colour", "A square.")
    bundle = getattr(box, "_repr_mimebundle_", None)  # ipywidgets 8; before, widgets displayed themselves
    saved = bundle()["text/plain"] if bundle else repr(box)
    assert saved == NOTE and len(NOTE) <= 110  # ipywidgets cuts longer ones
    shown = box.children[1].value
    assert 'data-name="colour"' in shown and 'data-position="0"' in shown and ":focus" in shown
    assert json.loads(html.unescape(re.search('data-labels="([^"]*)"', shown)[1])) == ["one & two", "2.5"]
    for part in ("aria-label", "aria-valuetext", ".noUi-handle", ".ui-slider-handle"):
        assert part in shown
