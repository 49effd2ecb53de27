"""Paint the pictures at the top of README.md, on light and on dark paper: python -m tools.drawings.strip"""

from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageOps

from helpers.denoising import generate
from helpers.models import load_components, settings
from helpers.show.plotting import grid
from helpers.show.style import INK, PAPER

IMAGES = Path(__file__).parents[2] / "images"
DARK_INK, DARK_PAPER = "#E6EDF3", "#161B22"
ROUND = 12  # pixels of the paper's corners
PICTURES = {  # prompt: seed
    "an astronaut on mars": 0,
    "a giant orange gas giant with rings in deep space": 1,
    "a robot on the moon at night under a ringed planet": 2,
    "a lava planet with two moons in a purple nebula": 3,
    "a watercolour of an alien on a jungle planet": 4,
    "an ocean planet with one moon in a blue nebula": 5,
    "a pencil sketch of a rocket on mars": 6,
    "an astronaut on an icy planet at night": 7,
}


def on_dark_paper(pictures, titles, columns):
    """The same grid, with light words on dark paper."""
    sheet = grid(pictures, titles, columns)
    empty, full = (
        grid([Image.new("RGB", each.size, colour) for each in pictures], titles, columns)
        for colour in (PAPER, INK)
    )
    words = ImageOps.autocontrast(ImageOps.invert(empty.convert("L")))  # how much ink is where
    light, paper = (Image.new("RGB", sheet.size, colour) for colour in (DARK_INK, DARK_PAPER))
    places = ImageChops.difference(empty, full).convert("L").point(lambda value: 255 * (value > 0))
    return Image.composite(sheet, Image.composite(light, paper, words), places)


def rounded(sheet):
    mask = Image.new("L", sheet.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, sheet.width - 1, sheet.height - 1), ROUND, fill=255)
    sheet.putalpha(mask)
    return sheet


def main():
    components, titles = load_components(), list(PICTURES)
    pictures = generate(components, titles, list(PICTURES.values()), **settings())
    for name, draw in (("strip", grid), ("strip-dark", on_dark_paper)):
        rounded(draw(pictures, titles, 4)).save(IMAGES / f"{name}.webp", quality=92, method=6)
    print(f"{len(pictures)} pictures in images/strip.webp and images/strip-dark.webp")


if __name__ == "__main__":
    main()
