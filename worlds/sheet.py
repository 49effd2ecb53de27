"""Pictures in rows on one page, to look at many at once."""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont


def contact_sheet(pictures, columns, captions=None):
    """Pictures of one size (PIL, or uint8 arrays (H, W, 3)) in rows of `columns`, as one PIL picture.

    With `captions`, one for each, up to three lines of it stand below each picture; without, the pictures
    touch. Raises ValueError where a picture has no caption or a caption no picture.
    """
    wide, high = np.asarray(pictures[0]).shape[1::-1]
    side, below = (6, 36) if captions else (0, 0)
    top = 4 if captions else 0
    cell = wide + 2 * side, high + top + below
    page = Image.new("RGB", (columns * cell[0], -(-len(pictures) // columns) * cell[1]), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=10)
    for i, (picture, caption) in enumerate(zip(pictures, captions or [""] * len(pictures), strict=True)):
        x, y = i % columns * cell[0] + side, i // columns * cell[1] + top
        page.paste(Image.fromarray(np.asarray(picture)), (x, y))
        lines = [""]
        for word in caption.split():
            if pen.textlength(f"{lines[-1]} {word}", font=font) > wide:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        pen.text((x, y + high), "\n".join(lines[:3]), fill="black", font=font, spacing=0)
    return page


def main(draw, name, count, **switches):
    """The command line of a painter: a contact sheet of what `draw(seed)` makes, out/NAME.png.

    `draw` returns (picture, caption, scene). `switches` are options of it that are off, each with its help.
    """
    parser = argparse.ArgumentParser(description=f"Paint a contact sheet: {name}.")
    parser.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--count", type=int, default=count)
    for switch, words in switches.items():
        parser.add_argument(f"--{switch.replace('_', '-')}", action="store_true", help=words)
    parser.add_argument("--out", type=Path, default=Path(f"out/{name}.png"))
    args = parser.parse_args()
    chosen = {switch: getattr(args, switch) for switch in switches}
    pictures, captions, _ = zip(*(draw(args.seed + i, **chosen) for i in range(args.count)))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(pictures, 8, captions).save(args.out, optimize=True)
    print(f"{len(pictures)} pictures in {args.out}")
