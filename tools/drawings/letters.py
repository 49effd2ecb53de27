"""Put the figures' font into the drawings in images/*.svg: python -m tools.drawings.letters

A browser that shows an SVG as a picture takes no font from the page, and the reader's machine may not have
one that fits the drawing. So each drawing holds the letters that it uses, as a small font of its own.
"""

import base64
import io
import re

from fontTools import subset
from fontTools.ttLib import TTFont

from helpers.show.plotting import IMAGES
from helpers.show.style import FAMILY, font_file

FAMILIES = f'font-family="{FAMILY}, Helvetica, Arial, sans-serif"'
STYLE = re.compile(r"\n?  <style>@font-face.*?</style>", re.DOTALL)


def letters(words, bold):
    """The letters of `words`, as a font in base64."""
    font, file = TTFont(font_file(bold), recalcTimestamp=False), io.BytesIO()
    options = subset.Options(layout_features=["kern", "mark", "ccmp"], hinting=False, desubroutinize=True)
    maker = subset.Subsetter(options)
    maker.populate(text=words)
    maker.subset(font)
    font.flavor = "woff"
    font.save(file)
    return base64.b64encode(file.getvalue()).decode()


def with_letters(drawing):
    """The text of an SVG file with its own letters, in place of those it had."""
    drawing = STYLE.sub("", drawing)
    words = "".join(sorted(set("".join(re.findall(r">([^<]+)<", drawing)))))
    faces = "".join(
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weight}; '
        f'src: url("data:font/woff;base64,{letters(words, weight == "bold")}") }}'
        for weight in ("normal", "bold")
    )
    drawing = re.sub(r'font-family="[^"]*sans-serif"', FAMILIES, drawing, count=1)
    return re.sub(r"(<svg[^>]*>)", rf"\1\n  <style>{faces}</style>", drawing, count=1)


def main():
    for file in sorted(IMAGES.glob("*.svg")):
        if "badge" not in file.name:  # its letters are stretched to fit
            file.write_text(with_letters(file.read_text(encoding="utf-8")), encoding="utf-8")
            print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
