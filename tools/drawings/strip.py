"""Paint images/strip.png, the pictures at the top of README.md: python -m tools.drawings.strip"""

from pathlib import Path

from helpers.denoising import generate
from helpers.models import load_components, settings
from helpers.show.plotting import grid

OUT = Path(__file__).parents[2] / "images" / "strip.png"
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


def main():
    components = load_components()
    pictures = generate(components, list(PICTURES), list(PICTURES.values()), **settings())
    grid(pictures, list(PICTURES), columns=4).save(OUT, optimize=True)
    print(f"{len(pictures)} pictures in images/{OUT.name}")


if __name__ == "__main__":
    main()
