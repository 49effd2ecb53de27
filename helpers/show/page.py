"""Pictures on the page: HTML figures with captions in the theme's own colours, be it light or dark.

A grid is a table of pictures, each an image with an alt text of its own, under a caption that the browser
writes: in its own fonts, so that Chinese and emoji are right, and in the colour of the text around it. Where
styles are taken away, as on GitHub, the table still holds the pictures in their rows. They are stored as
WebP, at most twice as large as on the page; very small ones keep their squares, one for each number.
"""

import base64
import html
import io

from IPython.display import display
from PIL import Image

from helpers.errors import InputError, as_list, as_text, check_alt, check_whole, shown
from helpers.show.style import SHARPNESS, SMALLEST, WIDE

LARGEST_CELL = 256
MOST_COLUMNS = 6
GAP = 8
ROW_LABEL = 136  # pixels, for the names of a strip's rows
CELL = f"padding: {GAP // 2}px; border: none; background: none; text-align: left"
WORDS = f"font-size: {SMALLEST}px; line-height: 1.25; overflow-wrap: anywhere"


class Page:
    """HTML on its way to the cell's output; where no HTML is shown, the alt text stands for it."""

    def __init__(self, markup, alt):
        self.markup, self.alt = markup, alt

    def __repr__(self):
        return self.alt

    def _repr_html_(self):
        return self.markup


class Shown(Page):
    """One picture, as bytes of the given kind ("png", "webp", "svg+xml"), `width` pixels wide on the page."""

    def __init__(self, data, kind, width, alt):
        super().__init__(image(data, kind, width, alt), alt)


def image(data, kind, width, alt, style="max-width: 100%; height: auto"):
    """An <img> that holds its own data."""
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return f'<img alt="{html.escape(alt)}" src="{source}" width="{width}" style="{style}">'


def show(picture, alt):
    """Show one PIL picture, small ones enlarged to 256 pixels or more; `alt` says what is to be seen."""
    check_alt(alt)
    if isinstance(picture, list | tuple) and picture:
        raise InputError(f"show takes one picture, not {len(picture)}: write pictures[0], or take show_grid.")
    check_shown(picture)
    width = picture.width * max(1, -(-LARGEST_CELL // max(picture.size)))
    display(Shown(packed(picture, width), "webp", width, alt))


def show_grid(pictures, titles, alt, columns=4):
    """Show pictures row by row, each under its title; `titles` is a list of as many strings.

    There are as many columns as asked for, or some more or less if then no place stays empty; at most
    six, and no picture is made smaller than it is. `alt` says what is to be seen in all of it.
    """
    check_alt(alt)
    pictures, titles = as_list(pictures, "pictures"), as_list(titles, "titles")
    columns = check_whole(columns, "The number of columns")
    titles = [as_text(title, "A title") for title in titles]
    if not pictures or len(pictures) != len(titles):
        raise InputError(f"{len(pictures)} pictures have {len(titles)} titles: give each picture one title.")
    check_shown(*pictures)
    most = most_columns(pictures, WIDE)
    columns = balanced(len(pictures), min(columns, most), most)
    width = cell_width(columns, WIDE)
    cells = [
        f'<td style="{CELL}; vertical-align: bottom">'
        f'<div style="{WORDS}; width: {width}px; margin-bottom: 4px">{html.escape(title)}</div>'
        f"{_img(picture, width, f'{title}: picture {i} of {len(pictures)}')}</td>"
        for i, (picture, title) in enumerate(zip(pictures, titles), 1)
    ]
    rows = ["".join(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    display(Page(table(rows, alt, 'role="presentation"'), alt))


def film_strip(rows, row_labels, column_labels, alt):
    """Show rows of pictures, such as the same step of several runs one below the other.

    `rows` is a list of equally long lists of PIL pictures. A label stands beside each row and above each
    column. More than six columns go on below, under labels of their own.
    """
    check_alt(alt)
    rows = [as_list(row, "each of the rows") for row in as_list(rows, "rows")]
    row_labels = [as_text(label, "A label") for label in as_list(row_labels, "row_labels")]
    column_labels = [as_text(label, "A label") for label in as_list(column_labels, "column_labels")]
    if (
        len(rows) != len(row_labels)
        or any(len(row) != len(column_labels) for row in rows)
        or not column_labels
    ):
        raise InputError("A film strip needs a label for each row, and in each a picture for each column.")
    check_shown(*(picture for row in rows for picture in row))
    display(Page(strip_markup(rows, row_labels, column_labels, alt), alt))


def strip_markup(rows, row_labels, column_labels, alt):
    """The HTML of `film_strip`, for what shows it together with something else."""
    room = WIDE - (ROW_LABEL if any(row_labels) else 0)
    most = most_columns([picture for row in rows for picture in row], room)
    blocks = -(-len(column_labels) // most)
    columns = -(-len(column_labels) // blocks)
    width = cell_width(columns if blocks == 1 else most, room)
    lines = []
    for start in range(0, len(column_labels), columns):
        part = slice(start, start + columns)
        heads = "".join(_head("col", label, f"width: {width}px") for label in column_labels[part])
        corner = f'<td style="{CELL}"></td>' if any(row_labels) else ""
        lines += [corner + heads] if any(column_labels) else []
        for row, label in zip(rows, row_labels):
            head = _head("row", label, f"min-width: {ROW_LABEL}px") if any(row_labels) else ""
            names = (", ".join(filter(None, (str(label), str(column)))) for column in column_labels[part])
            cells = (_img(picture, width, name or "picture") for picture, name in zip(row[part], names))
            lines.append(head + "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells))
    return table(lines, alt)


def check_shown(*pictures):
    """Raise InputError for what is no PIL picture, and for one without pixels."""
    for picture in pictures:
        if isinstance(picture, Image.Image) and 0 in picture.size:
            raise InputError(
                f"A picture of {picture.width} x {picture.height} pixels shows nothing: take another."
            )
        if not isinstance(picture, Image.Image):
            raise InputError(
                f"What is shown is a PIL picture, not {shown(picture)}: "
                "decode makes them of latents, Image.fromarray of an array."
            )


def balanced(count, wanted, most):
    """How many columns for `count` pictures: near `wanted`, with full rows where that can be."""
    if count <= wanted:
        return count
    near = sorted(range(max(2, wanted - 3), min(most, wanted + 2) + 1), key=lambda n: (abs(n - wanted), n))
    full = [columns for columns in near if count % columns == 0]
    return full[0] if full else -(-count // -(-count // wanted))


def most_columns(pictures, room):
    """How many pictures stand side by side in `room` pixels without being made smaller than they are."""
    widest = max(min(picture.width, LARGEST_CELL - GAP) for picture in pictures)
    return max(1, min(MOST_COLUMNS, room // (widest + GAP)))


def cell_width(columns, room):
    return min(LARGEST_CELL, room // columns - GAP)


def packed(picture, width):
    """A PIL picture as WebP, for `width` pixels on the page; very small pictures as sharp squares."""
    picture, file = picture.convert("RGB"), io.BytesIO()
    if max(picture.size) < 64:
        factor = -(-width // picture.width)
        picture.resize((picture.width * factor, picture.height * factor), Image.NEAREST).save(
            file, "WEBP", lossless=True, method=6
        )
        return file.getvalue()
    wide = min(SHARPNESS * width, max(picture.width, min(LARGEST_CELL, 4 * width // 3)))
    picture = picture.resize((wide, round(picture.height * wide / picture.width)), Image.LANCZOS)
    picture.save(file, "WEBP", quality=85, method=6)
    return file.getvalue()


def _img(picture, width, alt):
    style = f"display: block; max-width: none; width: {width}px; height: auto; border-radius: 4px"
    return image(packed(picture, width), "webp", width, alt, style)


def _head(scope, label, style):
    if not label:
        return f'<td style="{CELL}"></td>'
    style += "; font-weight: normal; vertical-align: " + ("bottom" if scope == "col" else "middle")
    return f'<th scope="{scope}" style="{CELL}; {WORDS}; {style}">{html.escape(str(label))}</th>'


def table(rows, alt, role=""):
    lines = "".join(f'<tr style="background: none; border: none">{row}</tr>' for row in rows)
    return (
        f'<figure role="group" aria-label="{html.escape(alt)}" style="margin: 0; overflow-x: auto">'
        f'<table {role} style="margin: 0; border: none; border-collapse: collapse; width: auto">'
        f"<tbody>{lines}</tbody></table></figure>"
    )
