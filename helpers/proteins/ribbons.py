"""Chains drawn as ribbons (wide coils for helices, flat arrows for strands, thin tubes), and their plots.

A ribbon is plain geometry: a smooth curve through the alpha carbons, a cross-section carried along it, and
its little faces painted from the farthest to the nearest, each lit by one lamp.
"""

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from scipy.interpolate import CubicSpline

from helpers.errors import InputError, as_list, as_text, check_array, check_whole, quoted
from helpers.proteins.backbones import (
    HELIX,
    LEAST,
    STRAND_PHI,
    STRAND_PSI,
    build,
    ramachandran,
    runs,
    structure,
    unit,
)
from helpers.show.given import as_dict, as_tuple, check_colour
from helpers.show.plotting import INK, PAPER, chart_picture, panels
from helpers.show.style import LABEL, MEDIUM, NARROW, POINTS, WIDE

COLOURS = {"H": "#E69F00", "E": "#56B4E9", "-": "#8A8F98"}  # Okabe & Ito's orange and sky blue, and grey
WIDTHS = {"H": 1.5, "E": 1.5, "-": 0.35}  # half the ribbon's width, in Å
THICKNESS = {"H": 0.3, "E": 0.3, "-": 0.35}
HIGH, BAR = 0.7, 10  # a panel's height over its width; the length of the bar, in Å
FINE, AROUND = 8, 10  # points a residue, points around the ribbon
BOXES = [
    (HELIX["phi"], HELIX["psi"]),
    ((-180, STRAND_PHI), (STRAND_PSI[0], 180)),
    ((-180, STRAND_PHI), (-180, STRAND_PSI[1])),
]  # of the Ramachandran plot
LAMP = unit(np.array([-0.4, 0.6, 0.9]))


def draw_ribbons(angles, names, title="", columns=4):
    """A figure of chains, each (n, 3) angles, turned to their widest side; a bar under each is 10 Å long."""
    angles, names = as_list(angles, "angles"), as_list(names, "names")
    columns, title = check_whole(columns, "The number of columns"), as_text(title, "A title")
    if not angles or len(angles) != len(names):
        raise InputError(f"{len(angles)} chains have {len(names)} names: give each chain one.")
    angles = [_drawable(chain) for chain in angles]
    rows, width = -(-len(angles) // columns), {1: NARROW, 2: MEDIUM}.get(columns, WIDE)
    height = 50 * bool(title) + round(rows * (HIGH * width / columns + 40))
    figure, found = panels(len(angles), title, columns, height, width)
    for panel, chain, name in zip(found, angles, names):
        corners, colours = faces(build([chain])[0], structure([chain])[0])
        across, up = (np.abs(corners[..., axis]).max() for axis in (0, 1))
        wide = 1.05 * max(across, up / (HIGH - 0.12))
        order = corners[..., 2].mean(1).argsort()
        panel.add_collection(
            PolyCollection(
                corners[order][..., :2], facecolors=colours[order], edgecolors=colours[order], linewidths=0.4
            )
        )
        panel.plot([-wide, BAR - wide], [-0.95 * HIGH * wide] * 2, color=INK, linewidth=2, clip_on=False)
        panel.annotate(
            "10 Å",
            (BAR - wide, -0.95 * HIGH * wide),
            (6, 0),
            textcoords="offset points",
            fontsize=LABEL * POINTS,
            va="center",
            color=INK,
        )
        panel.set_title(name, fontsize=LABEL * POINTS, weight="normal", color=INK, loc="left")
        panel.set(xlim=(-wide, wide), ylim=(-HIGH * wide, HIGH * wide), aspect="equal")
        panel.axis("off")
    return figure


def _drawable(chain):
    """The angles of a chain as an array. Raise InputError unless it is long enough for a ribbon."""
    chain = check_array(chain, "A chain's angles", "n, 3")
    if len(chain) < LEAST:
        raise InputError(f"A ribbon needs {LEAST} residues or more, and this chain has {len(chain)}.")
    return chain


def picture(chain):
    """One chain, (n, 3) angles, as a PIL picture: for the page of a training."""
    return chart_picture(draw_ribbons([chain], [""], columns=1))


def faces(atoms, signs):
    """The corners (F, 4, 3) and colours (F, 3) of one chain's ribbon, seen from above the plane x, y.

    `atoms` are its N, CA, C, (n, 3, 3), `signs` its structure, n of "H", "E" and "-".
    """
    path, sides, half, colours = ribbon(atoms[:, 1] - atoms[:, 1].mean(0), signs)
    edges = np.vstack([path + half[:, :1] * sides, path - half[:, :1] * sides])
    _, _, axes = np.linalg.svd(edges, full_matrices=False)
    turn = (axes * np.array([[1], [1], [np.linalg.det(axes)]])).T  # no mirror
    path, sides = path @ turn, sides @ turn
    along = unit(np.gradient(path, axis=0))
    sides = unit(sides - (sides * along).sum(1, keepdims=True) * along)
    normals = np.cross(along, sides)

    circle = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)[:, None, None]  # skin: (around, points, 3)
    skin = path + np.cos(circle) * half[:, :1] * sides + np.sin(circle) * half[:, 1:] * normals
    bright = np.cos(circle) * half[:, 1:] * sides + np.sin(circle) * half[:, :1] * normals
    light = np.clip(unit(bright) @ LAMP, 0, 1)  # (around, points)
    skin = skin - (skin.max((0, 1)) + skin.min((0, 1))) / 2
    next_skin = np.roll(skin, -1, axis=0)
    corners = np.stack([skin[:, :-1], skin[:, 1:], next_skin[:, 1:], next_skin[:, :-1]], axis=2)

    depth = path[:-1, 2]
    near = (depth - depth.min()) / (np.ptp(depth) + 1e-6)
    shade = 0.55 + 0.45 * light[:, :-1, None]
    lit = np.clip(colours[:-1] * shade + 0.25 * light[:, :-1, None] ** 8, 0, 1)
    mist = 0.35 * (1 - near)[:, None]  # what is far away fades into the paper
    lit = lit * (1 - mist) + np.array(to_rgb(PAPER)) * mist
    return corners.reshape(-1, 4, 3), lit.reshape(-1, 3)


def ribbon(carbons, signs):
    """Along the chain, at FINE points a residue: the path, the side it is wide to, half its width and
    thickness, and its colour."""
    guide = carbons.copy()
    flat = np.flatnonzero(signs[1:-1] == "E") + 1  # a strand zigzags: its ribbon runs through the middle
    guide[flat] = (carbons[flat - 1] + 2 * carbons[flat] + carbons[flat + 1]) / 4
    bends = np.cross(carbons[1:-1] - carbons[:-2], carbons[2:] - carbons[1:-1])
    sides = unit(np.vstack([bends[:1], bends, bends[-1:]]))
    for i in range(1, len(sides)):  # no twist by half a turn between neighbours
        if sides[i] @ sides[i - 1] < 0:
            sides[i] *= -1
    at = np.arange(len(carbons))
    fine = np.linspace(0, len(carbons) - 1, FINE * (len(carbons) - 1) + 1)
    path, sides = CubicSpline(at, guide)(fine), CubicSpline(at, sides)(fine)

    sign = signs[np.minimum((fine + 0.5).astype(int), len(signs) - 1)]
    half = np.array([(WIDTHS[each], THICKNESS[each]) for each in sign])
    for start, end in runs(sign):
        if sign[start] == "E":  # the arrow's head: twice as wide, then down to a point
            head = min(end - start, 2 * FINE)
            half[end - head : end, 0] = np.linspace(2 * WIDTHS["E"], WIDTHS["-"], head)
    return path, sides, half, np.array([to_rgb(COLOURS[each]) for each in sign])


def draw_ramachandran(sets, title):
    """A figure of Ramachandran plots side by side: `sets` is {name: (angles (..., 3), colour)}."""
    for name, each in as_dict(sets, "sets", "{name: (angles, colour)}").items():
        angles, colour = as_tuple(each, f"set {quoted(name)}", "angles, colour")
        check_array(angles, f"The angles of {quoted(name)}", "..., 3")
        check_colour(colour)
    figure, found = panels(len(sets), title, len(sets), 440, sharey=True)
    for panel, (name, (angles, colour)) in zip(found, sets.items()):
        shares = ramachandran(angles, bins=60).T
        shades = LinearSegmentedColormap.from_list("shades", [PAPER, colour, INK])
        panel.imshow(shares**0.5, cmap=shades, extent=(-180, 180, -180, 180), origin="lower", vmax=0.02**0.5)
        for (left, right), (low, high) in BOXES:
            x, y = [left, right, right, left, left], [low, low, high, high, low]
            panel.plot(x, y, "--", color=INK, linewidth=1)
        panel.annotate("helix", (-20, -45))
        panel.annotate("strand", (-50, 150))
        panel.set_title(name, fontsize=LABEL * POINTS, weight="normal", loc="left")
        panel.set(xticks=(-90, 0, 90), yticks=(-90, 0, 90), xlabel="φ (degrees)")
        panel.grid(visible=False)
    found[0].set_ylabel("ψ (degrees)")
    return figure
