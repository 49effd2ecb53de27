"""The playground: words and numbers go in by hand, and the picture grows while it is painted.

    from helpers.show.playground import Playground
    Playground(MODEL)

It paints in a thread of its own (playground_worker.py), with the same functions as the notebooks
(playground_recipe.py), and shows plain HTML (playground_views.py), on ipywidgets 7.7 as on 8. On Colab it
paints without a thread: there Stop has to wait for the picture.
"""

import sys

import ipywidgets
from PIL import Image

from helpers.denoising import decode
from helpers.errors import DiskError, InputError, ModelError
from helpers.models import POCKET, chosen, load_components, picture_size, settings
from helpers.show import playground_views as views
from helpers.show.playground_recipe import (
    SCHEDULERS,
    Recipe,
    as_python,
    in_words,
    paint,
    scheduler_name,
    start_in_words,
)
from helpers.show.playground_start import TRAPPIST, kept, starting_picture, uploaded
from helpers.show.playground_worker import Worker
from helpers.show.plotting import IMAGES, Shown

STILL = IMAGES / "playground.webp"  # tests/test_browser_playground.py takes it
STILL_ALT = (
    "The playground: fields for prompt, negative prompt, seed, steps, guidance, scheduler and strength; "
    "beside them the painted picture; below them the pictures so far, each with a button for its recipe."
)
LOOKS = 8  # how often a picture is shown while it grows


class Abandoned(Exception):
    """Ends a painting that is no longer wanted."""


class Playground(ipywidgets.VBox):
    """Controls, the picture that they paint, and the pictures so far; end a cell with it.

    `model` is POCKET, FULL or a folder, as for `load_components`. The playground loads it for itself: what
    other cells do to their components never changes its pictures. Whenever a value changes, its picture
    replaces the one that is being painted. `history` lists the finished (recipe, picture) pairs in order.
    Where there are no widgets, a notebook shows a still picture and a sentence in its place.
    """

    _ipython_display_ = None  # how ipywidgets 7 shows itself; 8 has _repr_mimebundle_, and so do both here

    def __init__(self, model=POCKET):
        self._model, self._components = chosen(model), load_components(model)
        self._start = self._begin_with = None  # what pictures begin with: a name or recipe, and its picture
        self._asked, self._step = None, ""  # the recipe of the newest picture, and how far it is, in words
        self.history = []
        # Colab shows what a click changed, but not what a thread changes: googlecolab/colabtools, issue 3373.
        self._worker = Worker(self._paint, in_thread="google.colab" not in sys.modules)
        self._make_controls(**settings(model))
        self._picture, self._progress = ipywidgets.HTML(), ipywidgets.HTML(views.progress(0, 1))
        self._says = ipywidgets.HTML(views.sentence("Change a value, or press Paint."))
        self._begins, self._cards = ipywidgets.HTML(), ipywidgets.HBox(layout={"flex_flow": "row wrap"})
        super().__init__(self._arranged())
        self.add_class("playground")
        self._show_start()

    def __repr__(self):
        return views.NOTE

    def _repr_mimebundle_(self, **_):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        bundle = {"application/vnd.jupyter.widget-view+json": view, "text/plain": views.NOTE}
        if STILL.is_file():
            still = Image.open(STILL).width
            bundle["text/html"] = Shown(STILL.read_bytes(), "webp", still, STILL_ALT)._repr_html_()
        return bundle

    def _make_controls(self, num_inference_steps, guidance_scale):
        def control(kind, value, name, width="98%", **options):
            made = kind(value=value, description=name, layout={"width": width}, **options)
            made.style.description_width = "9.5em"
            made.observe(self._ask_if_new, names="value")
            return made

        own = scheduler_name(self._components.scheduler)
        text, half = {"continuous_update": False}, "14em"
        self.prompt = control(ipywidgets.Text, "an astronaut on mars", "Prompt", **text)
        self.negative_prompt = control(ipywidgets.Text, "", "Negative prompt", **text)
        self.seed = control(ipywidgets.IntText, 0, "Seed", half, **text)
        self.steps = control(ipywidgets.IntText, num_inference_steps, "Steps", half, **text)
        self.guidance = control(ipywidgets.FloatText, guidance_scale, "Guidance", half, step=0.5, **text)
        names = list(dict.fromkeys([*SCHEDULERS, own]))
        self.scheduler = control(ipywidgets.Dropdown, own, "Scheduler", "20em", options=names)
        self.strength = control(ipywidgets.FloatText, 0.6, "Strength", half, step=0.1, **text)

        self.paint_button = _button("Paint", self._ask, "Paint the picture of these values", "primary")
        self.stop_button = _button("Stop", self._stop, "Stop painting within a step")
        self.noise_button = _button("Start from noise", lambda _: self._start_from(None, None))
        self.trappist_button = _button(f"Start from {TRAPPIST}", lambda _: self._start_from_file(TRAPPIST))
        self.upload = ipywidgets.FileUpload(accept="image/*", description="Start from a file")
        self.upload.layout.width = "auto"
        self.upload.observe(self._take_upload, names="value")

    def _arranged(self):
        start = ipywidgets.HBox(
            [self.noise_button, self.trappist_button, self.upload], layout={"flex_flow": "row wrap"}
        )
        values = [self.prompt, self.negative_prompt, self.seed, self.steps, self.guidance, self.scheduler]
        buttons = ipywidgets.HBox([self.paint_button, self.stop_button])
        left = [*values, start, self._begins, self.strength, buttons, self._progress, self._says]
        columns = [
            ipywidgets.VBox(left, layout={"width": "440px", "max_width": "100%"}),
            ipywidgets.VBox([self._picture], layout={"width": f"{views.WIDTH + 8}px", "max_width": "100%"}),
        ]
        return [
            ipywidgets.HTML(views.BEGINNING),
            ipywidgets.HBox(columns, layout={"flex_flow": "row wrap"}),
            self._cards,
        ]

    # ------------------------------------------------------------------------- what a reader does

    def _ask_if_new(self, _):
        self._ask(only_if_new=True)

    def _ask(self, _=None, only_if_new=False):
        """Paint what the controls say now, in place of what is being painted."""
        with self._worker.lock:
            recipe = Recipe(
                self.prompt.value,
                self.negative_prompt.value,
                self.seed.value,
                self.steps.value,
                self.guidance.value,
                self.scheduler.value,
                self._start,
                self.strength.value if self._start else None,
            )
            if only_if_new and recipe == self._asked:
                return
            self._asked = recipe
            self._progress.value, self._step = views.progress(0, 1), "before the first step"
            self._says.value = views.sentence("Painting …")
            self._worker.start((recipe, self._begin_with))

    def _stop(self, _):
        with self._worker.lock:
            self._asked = None
            if self._worker.stop():
                self._says.value = views.sentence(f"Stopped {self._step}.")

    def _start_from(self, start, picture):
        with self._worker.lock:
            self._start, self._begin_with = start, picture
            self._show_start()
            self._ask(only_if_new=True)

    def _start_from_file(self, start):
        try:
            self._start_from(start, starting_picture(start, picture_size(self._components)))
        except InputError as error:
            self._says.value = views.sentence(str(error), is_error=True)

    def _take_upload(self, change):
        if not change["new"]:
            return
        name, content = uploaded(change["new"])
        self.upload.set_trait("value", type(change["new"])())  # else the same file couldn't come twice
        try:
            self._start_from_file(kept(name, content))
        except DiskError as error:
            self._says.value = views.sentence(str(error), is_error=True)

    def _show_start(self):
        words = f"Pictures begin with {start_in_words(self._start)}."
        shown = ""
        if self._start:
            shown = views.image(self._begin_with, words, views.CARD // 2, "WEBP")
            words += " Strength says how much of it is painted anew."
        self.strength.disabled = not self._start
        self._begins.value = shown + views.sentence(words)

    # ------------------------------------------------------------------------- in the worker's thread

    def _paint(self, job):
        recipe, begin_with = job
        words = in_words(recipe)

        def on_step(done, total, predicted_x0):
            look = (done - 1) % max(1, total // LOOKS) == 0 and self._worker.is_current(job)
            shown = look and decode(self._components.vae, predicted_x0)[0]
            with self._worker.lock:
                if not self._worker.is_current(job):
                    raise Abandoned
                self._progress.value, self._step = views.progress(done, total), f"at step {done} of {total}"
                if shown:
                    alt = f"Step {done} of {total}: what the model expects so far of: {words}"
                    self._picture.value = views.figure(shown, alt, f"Step {done} of {total}", "WEBP")

        picture, error = None, ""
        try:
            picture = paint(self._components, recipe, begin_with, on_step)
        except Abandoned:
            return
        except (InputError, ModelError) as known:
            error = str(known)
        except Exception as unknown:  # a thread has no cell to show it in
            told = (str(unknown).splitlines() or [""])[0]
            error = f"This could not be painted ({type(unknown).__name__}: {told}): change a value."
        with self._worker.lock:
            if self._worker.is_current(job):
                self._show_error(error) if error else self._show_picture(recipe, picture)

    def _show_error(self, error):
        self._progress.value = views.progress(0, 1)
        self._says.value = views.sentence(error, is_error=True)

    def _show_picture(self, recipe, picture):
        words = in_words(recipe)
        known = [each for each, _ in self.history]
        number = known.index(recipe) + 1 if recipe in known else len(known) + 1
        self._picture.value = views.figure(picture, f"Painted: {words}", f"{number} · {words}")
        if recipe not in known:
            self.history.append((recipe, picture))
            self._cards.children += (self._card(number, recipe, picture, words),)
        self._progress.value = views.progress(1, 1)
        self._says.value = views.sentence(f"Picture {number} is finished.")

    def _card(self, number, recipe, picture, words):
        code = as_python(recipe, self._model, self._components)
        again = _button(f"Start from picture {number}", lambda _: self._start_from(recipe, picture))
        shown = ipywidgets.HTML(views.card(number, picture, f"Picture {number}: {words}", words, code))
        return ipywidgets.VBox([shown, again], layout={"max_width": "100%", "margin": "8px 8px 8px 0"})


def _button(name, on_click, tooltip="", style=""):
    button = ipywidgets.Button(description=name, tooltip=tooltip or name, button_style=style)
    button.layout.width = "auto"
    button.on_click(on_click)
    return button
