"""Pictures in rows on one page, to look at many at once."""

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


def save_sheet(drawn, file, columns=8):
    """Write (picture, caption, scene) of many seeds as one PNG."""
    pictures, captions, _ = zip(*drawn)
    file.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(pictures, columns, captions).save(file, optimize=True)
    print(f"{len(pictures)} pictures in {file}")
