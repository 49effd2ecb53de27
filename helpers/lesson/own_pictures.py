"""A reader's own folder of pictures, with a caption for each, to train an adapter on."""

import re

from helpers.errors import InputError, check_path, quoted
from helpers.show.pictures import open_picture

ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
CAPTIONS = "captions.txt"
FEWEST, MOST = 3, 200
CAMERA = re.compile(r"(img|dsc\w?|dscn|pxl|mvimg|image|photo|picture|screenshot)?", re.IGNORECASE)


def read_folder(folder, size):
    """[(picture, caption)] of a folder's pictures in the order of their names, `size` pixels a side.

    A caption is the line "file.png: what it shows" in the folder's captions.txt; without one, it is the
    file's name in words: "a-zebra-planet-03.png" says "a zebra planet". Raises InputError where that
    can't work.
    """
    place = check_path(folder)
    if not place.is_dir():
        what = "is a file" if place.is_file() else "does not exist"
        raise InputError(
            f"The folder {quoted(place.name or str(place))} {what}: look for a slip in its path."
        )
    files = sorted(file for file in place.iterdir() if file.suffix.lower() in ENDINGS)
    if not FEWEST <= len(files) <= MOST:
        raise InputError(
            f"The folder {quoted(place.name)} must hold {FEWEST} to {MOST} pictures (PNG, JPEG or WebP), "
            f"and not {len(files)}: put some of one thing into it."
        )
    written = _written(place / CAPTIONS, {file.name for file in files})
    return [(open_picture(file, size), written.get(file.name) or _from_name(file)) for file in files]


def _written(file, names):
    """{file name: caption} from captions.txt; {} where there is none."""
    if not file.is_file():
        return {}
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{CAPTIONS} is not UTF-8 text: save it anew as UTF-8.") from None
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name, colon, caption = (part.strip() for part in line.partition(":"))
        if not colon or not caption or name not in names:
            raise InputError(
                f"Line {number} of {CAPTIONS} names no picture of the folder with a caption: "
                'write "file.png: what it shows".'
            )
        found[name] = caption
    return found


def _from_name(file):
    unnumbered = re.sub(r"[-_ (]*\d[\d\-_ ().]*$", "", file.stem)
    words = " ".join(re.split(r"[-_\s]+", unnumbered)).strip()
    if CAMERA.fullmatch(words):
        raise InputError(
            f"The name {quoted(file.name)} doesn't say what the picture shows: rename it, such as "
            f'"a-zebra-planet-01{file.suffix}", or write a line for it into {CAPTIONS}.'
        )
    return words
