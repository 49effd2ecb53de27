"""Live sliders over pictures that were made before, so that dragging never waits for the model."""

import base64
import html
import io

import ipywidgets

from helpers.errors import InputError, check_alt


def slide(pictures, labels, description, alt, width=384):
    """A slider that shows one of `pictures` (PIL) at a time, each with its label; end a cell with it.

    `description` names what the slider changes, `alt` says what is to be seen. Show the same sweep as a
    still figure before it: where no program runs, on a web page or a slide, there is no slider.
    """
    check_alt(alt)
    if not pictures or len(pictures) != len(labels):
        raise InputError(f"{len(pictures)} pictures have {len(labels)} labels: give each picture one label.")
    frames = [
        _image(picture, width, f"{alt} {description}: {label}.") for picture, label in zip(pictures, labels)
    ]
    slider = ipywidgets.SelectionSlider(
        options=[(str(label), i) for i, label in enumerate(labels)],
        description=description,
        layout=ipywidgets.Layout(width="98%", max_width=f"{width + 160}px"),
        style={"description_width": "initial"},
    )
    picture = ipywidgets.HTML(frames[0])
    slider.observe(lambda change: setattr(picture, "value", frames[change["new"]]), names="value")
    return ipywidgets.VBox([slider, picture])


def _image(picture, width, alt):
    """A picture as an <img> that has an alt text, which ipywidgets' own Image has not."""
    packed = io.BytesIO()
    picture.convert("RGB").save(packed, "JPEG", quality=92)
    source = base64.b64encode(packed.getvalue()).decode()
    pixelated = "; image-rendering: pixelated" if max(picture.size) < 64 else ""
    return (
        f'<img alt="{html.escape(alt)}" src="data:image/jpeg;base64,{source}" width="{width}" '
        f'style="max-width: 100%; height: auto{pixelated}">'
    )
