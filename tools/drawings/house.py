"""Draw images/house.svg, the rooms of this project and two ways through them, for docs/architecture.md.

python -m tools.drawings.house
"""

from html import escape

from helpers.show.plotting import IMAGES
from tools.drawings.letters import with_letters

INK, PAPER, LINE = "#1F2430", "#FFFFFF", "#1F2430"
COLOURS = {  # fill and frame
    "above": ("#FBEDE3", "#D55E00"),
    "helpers": ("#E8F1F8", "#0072B2"),
    "worlds": ("#E6F3EF", "#007A5E"),
    "thing": ("#F7F7F7", "#6B7280"),
}
ROOMS = {  # what each is for, and what it imports
    "notebooks": ("the lessons", {"helpers", "worlds"}),
    "training": ("makes the weights", {"helpers", "worlds"}),
    "measure": ("what texts quote", {"helpers", "worlds"}),
    "bench": ("how long it takes", {"helpers", "worlds"}),
    "tools": ("scripts, drawings", {"helpers", "worlds"}),
    "helpers": ("what a newcomer reads: models, seeds, the loop, attention, the judge", {"worlds"}),
    "worlds": ("what is painted by code: planets, videos, sounds", set()),
}
WAYS = {
    "From a prompt to a picture": (
        ("a prompt, a seed", "notebooks", "thing"),
        ("five parts", "helpers/models.py", "helpers"),
        ("embeddings, noise", "seeding, denoising", "helpers"),
        ("the loop, decode", "helpers/denoising.py", "helpers"),
        ("a picture", "helpers/show", "thing"),
    ),
    "From a drawn picture to the weights": (
        ("picture, caption", "worlds/planets.py", "worlds"),
        ("training set", "pocket/data.py", "above"),
        ("latents, captions", "vae.py, clip.py", "above"),
        ("loss, steps", "unet.py, loop.py", "above"),
        ("weights", "models/", "thing"),
    ),
}
WIDTH, HEIGHT = 1040, 596


def box(x, y, width, height, kind, title, line, size=17):
    fill, frame = COLOURS[kind]
    middle = x + width / 2
    return [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="10" fill="{fill}" stroke="{frame}" '
        'stroke-width="2.5"/>',
        f'<text x="{middle:g}" y="{y + 28}" text-anchor="middle" font-size="{size}" font-weight="bold">'
        f"{escape(title)}</text>",
        f'<text x="{middle:g}" y="{y + 51}" text-anchor="middle" font-size="16">{escape(line)}</text>',
    ]


def arrow(path, head=True):
    tip = ' marker-end="url(#tip)"' if head else ""
    return f'<path d="{path}" stroke="{LINE}" stroke-width="2" fill="none"{tip}/>'


def rooms():
    """The upper part: who imports whom. All of the upper floor import the floors below it."""
    above = [name for name in ROOMS if "helpers" in ROOMS[name][1]]
    drawn = []
    for i, name in enumerate(above):
        drawn += box(20 + 203 * i, 54, 188, 64, "above", f"{name}/", ROOMS[name][0])
        drawn.append(arrow(f"M{114 + 203 * i} 119V138", head=False))
    drawn += [arrow("M114 138H990", head=False), arrow("M450 138V160"), arrow("M990 137V248")]
    drawn += box(20, 164, 920, 64, "helpers", "helpers/", ROOMS["helpers"][0])
    drawn.append(arrow("M450 229V248"))
    return drawn + box(20, 252, 1000, 64, "worlds", "worlds/", ROOMS["worlds"][0])


def way(y, title, stations):
    drawn = [f'<text x="20" y="{y}" font-size="20" font-weight="bold">{escape(title)}</text>']
    for i, (what, where, kind) in enumerate(stations):
        x = 20 + 205 * i
        drawn += box(x, y + 14, 180, 64, kind, what, where, size=16)
        drawn += [arrow(f"M{x - 24} {y + 46}H{x - 4}")] if i else []
    return drawn


def svg():
    """The drawing as text: 1040 units wide, on paper of its own, so that it looks the same in every theme."""
    tip = f'<path d="M0 0 10 5 0 10z" fill="{LINE}"/>'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="17" fill="{INK}">',
        "<title>The rooms of this project, and two ways through them</title>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" '
        f'orient="auto">{tip}</marker></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="12" fill="{PAPER}"/>',
        '<text x="20" y="38" font-size="20" font-weight="bold">Imports point downwards</text>',
        *rooms(),
    ]
    for i, (title, stations) in enumerate(WAYS.items()):
        lines += way(362 + 130 * i, title, stations)
    return with_letters("\n".join([*lines, "</svg>"]) + "\n")


def main():
    (IMAGES / "house.svg").write_text(svg(), encoding="utf-8")
    print("images/house.svg is drawn.")


if __name__ == "__main__":
    main()
