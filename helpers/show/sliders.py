"""Live sliders: pictures that were made before, or one at a time, on the spot, where that is quick."""

import base64
import html
import io
import json
from functools import cache

import ipywidgets

from helpers.errors import (
    MOST_PIXELS,
    InputError,
    as_list,
    as_text,
    check_alt,
    check_function,
    check_whole,
)
from helpers.show.page import check_shown

NOTE = "A live slider: run the notebook to move it. The figure above shows the same pictures."
# ipywidgets gives a slider's handle no name, tells screen readers the position in place of the label, and
# hides the focus. The handle is .noUi-handle in ipywidgets 8, .ui-slider-handle in 7.
HANDLES = ".noUi-handle, .ui-slider-handle"
FOCUS = (  # as many classes as ipywidgets 7 names where it takes the outline away
    "<style>.noUi-handle:focus, .widget-slider .ui-slider .ui-slider-handle:focus "
    "{ outline: 3px solid #b3541e !important; outline-offset: 2px; }</style>"
)
# Runs when a picture is shown. ipywidgets 8 writes aria-valuetext anew at each move: the observer puts the
# label back at once.
SPEAK = """
const handle = this.closest('.widget-vbox')?.querySelector('HANDLES');
if (handle) {
  const labels = JSON.parse(this.dataset.labels);
  const say = () => {
    const label = labels[Math.round(handle.getAttribute('aria-valuenow'))];
    if (handle.getAttribute('aria-valuetext') !== label) handle.setAttribute('aria-valuetext', label);
  };
  if (!handle.hasAttribute('role')) handle.setAttribute('role', 'slider');
  handle.setAttribute('aria-label', this.dataset.name);
  handle.setAttribute('aria-valuemin', 0);
  handle.setAttribute('aria-valuemax', labels.length - 1);
  handle.setAttribute('aria-valuenow', this.dataset.position);
  say();
  if (!handle.dataset.spoken) {
    handle.dataset.spoken = 'yes';
    new MutationObserver(say).observe(handle, {attributeFilter: ['aria-valuetext']});
  }
}
""".replace("HANDLES", HANDLES)


class Slider(ipywidgets.VBox):
    """A slider above its picture. Where there are no widgets, a notebook shows NOTE in its place."""

    def __repr__(self):
        return NOTE


def slide(pictures, labels, description, alt, width=384):
    """A slider that shows one of `pictures` (PIL) at a time, each with its label; end a cell with it.

    `pictures` may also be a function, for what takes less than a second: it gets a label and gives its
    picture, when the slider first stands there. `description` names what the slider changes, `alt` says what
    is to be seen. Show the same sweep as a still figure before it: where no program runs, on a web page or a
    slide, there is no slider.
    """
    check_alt(alt)
    values, on_the_spot = as_list(labels, "labels"), callable(pictures)
    width, description = (
        check_whole(width, "The width", most=MOST_PIXELS),
        as_text(description, "A description"),
    )
    if on_the_spot:
        check_function(pictures, "What makes the pictures", "label")
    else:
        pictures = as_list(pictures, "pictures")
        check_shown(*pictures)
    if not values or not on_the_spot and len(pictures) != len(values):
        count = "No pictures" if on_the_spot else f"{len(pictures)} pictures"
        raise InputError(f"{count} have {len(values)} labels: give each picture one label.")
    labels = [as_text(value, "A label") for value in values]

    @cache
    def frame(position):
        picture = pictures(values[position]) if on_the_spot else pictures[position]
        check_shown(picture)
        words = f"{alt} {description}: {labels[position]}."
        return _image(picture, width, words, description, labels, position)

    picture = ipywidgets.HTML(frame(0))
    slider = ipywidgets.SelectionSlider(
        options=[(label, i) for i, label in enumerate(labels)],
        description=description,
        continuous_update=not on_the_spot,  # else every place that a mouse passes would be computed
        layout=ipywidgets.Layout(width="98%", max_width=f"{width + 160}px"),
        style={"description_width": "initial"},
    )
    slider.observe(lambda change: setattr(picture, "value", frame(change["new"])), names="value")
    return Slider([slider, picture])


def _image(picture, width, alt, name, labels, position):
    """A picture as an <img> that has an alt text, which ipywidgets' own Image has not.

    When it is shown it also names its slider's handle and says the label: see SPEAK.
    """
    packed = io.BytesIO()
    picture.convert("RGB").save(packed, "JPEG", quality=92)
    source = base64.b64encode(packed.getvalue()).decode()
    pixelated = "; image-rendering: pixelated" if max(picture.size) < 64 else ""
    return (
        f'{FOCUS}<img alt="{html.escape(alt)}" src="data:image/jpeg;base64,{source}" width="{width}" '
        f'style="max-width: 100%; height: auto{pixelated}" data-name="{html.escape(name)}" '
        f'data-labels="{html.escape(json.dumps(labels))}" data-position="{position}" '
        f'onload="{html.escape(SPEAK)}">'
    )
