"""What moves: pictures that play side by side, over and over, each under its title, above a line of text."""

import io

from IPython.display import display
from PIL import Image

from helpers.errors import InputError, as_list, as_text, check_alt, check_number, shown
from helpers.show.page import GAP, Shown, check_shown
from helpers.show.paper import MOST_COLUMNS, glued, write
from helpers.show.style import LABEL, PAPER

MOST_FRAMES = 300
MOST_SECONDS = 3600


def film(rows, titles, captions, frames_per_second=8, hold=1.5):
    """An animated WebP as bytes: `rows` is a list of films, lists of equally many PIL pictures, side by side.

    A title stands above each film; `captions` has a line for each moment, such as its timestep. The last
    moment stays for `hold` seconds. Write the bytes to a file, or let `show_film` show them.
    """
    frames_per_second = check_speed(frames_per_second)
    hold = check_number(hold, "The seconds that the last moment stays", least=0, most=MOST_SECONDS)
    return joined(film_pages(rows, titles, captions), frames_per_second, hold)


def joined(pages, frames_per_second=8, hold=1.5):
    """The moments of a film, as `film_pages` gives them, as the bytes of an animated WebP."""
    times = [round(1000 / frames_per_second)] * (len(pages) - 1) + [round(1000 * hold)]
    file = io.BytesIO()
    options = dict(save_all=True, append_images=pages[1:], duration=times, loop=0, quality=80, method=4)
    pages[0].save(file, "WEBP", **options)
    return file.getvalue()


def film_pages(rows, titles, captions):
    """The moments of a film as PIL pictures: for a slider, or for the still beside the film."""
    rows = [as_list(row, "each of the rows") for row in as_list(rows, "rows")]
    titles = [as_text(title, "A title") for title in as_list(titles, "titles")]
    captions = [as_text(caption, "A caption") for caption in as_list(captions, "captions")]
    lengths = {len(row) for row in rows} | {len(captions)}
    if (
        len(lengths) != 1
        or not 1 <= len(rows) <= MOST_COLUMNS
        or len(rows) != len(titles)
        or not 2 <= len(captions) <= MOST_FRAMES
    ):
        counts = f"{[len(row) for row in rows]} pictures, {len(captions)} captions and {len(titles)} titles"
        raise InputError(
            f"A film needs a title for each row and a caption for each of 2 to {MOST_FRAMES} moments, but "
            f"this one has {counts}."
        )
    check_shown(*(picture for row in rows for picture in row))
    pages = []
    for moment, caption in zip(zip(*rows), captions):
        sheet = glued(moment, titles, columns=len(rows))
        page = Image.new("RGB", (sheet.width, sheet.height + LABEL + 2 * GAP), PAPER)
        page.paste(sheet)
        write(page, (GAP, sheet.height + LABEL), caption)
        pages.append(page)
    return pages


def show_film(data, alt):
    """Show an animated WebP, such as `film` makes; let a film strip of some moments stand beside it."""
    check_alt(alt)
    try:
        with Image.open(io.BytesIO(data)) as opened:
            width = opened.width
    except (TypeError, BufferError, OSError) as error:
        raise InputError(f"What is shown is a film, as `film` returns it, not {shown(data)}.") from error
    display(Shown(data, "webp", width, alt))


def check_speed(frames_per_second):
    """The frames per second. Raise InputError unless it is a number from one in ten seconds up."""
    return check_number(frames_per_second, "The number of frames per second", least=0.1, most=1000)
