"""Ideas as charts, for `show_chart`: particles in a field of arrows, guidance as a lever, a hill of noise."""

import numpy as np

from helpers.errors import (
    InputError,
    as_list,
    check_array,
    check_function,
    check_number,
    check_whole,
    quoted,
)
from helpers.show.charting import chart, panels
from helpers.show.given import as_dict
from helpers.show.style import GUIDANCE, INK, LABEL, MEDIUM, MUTED, NOISE, POINTS, PREDICTION, SIGNAL

MOST_CELLS = 100
FORM = "{name: (field, particles)} or {name: (field, particles, paths)}"


def draw_fields(moments, title, limit=3.0, cells=11):
    """A chart of particles in a field of arrows, one panel for each moment.

    `moments` is {name: (field, particles)} or {name: (field, particles, paths)}. `field` takes points (n, 2)
    and gives arrows (n, 2), such as a score; of these long ones are shortened, so that all can be seen.
    `particles` (n, 2) stand at this moment; `paths` (steps, n, 2) show how they came there.
    """
    limit = check_number(limit, "The limit", above=0)
    cells = check_whole(cells, "The number of cells", 2, MOST_CELLS)
    moments = {name: _moment(name, each) for name, each in as_dict(moments, "moments", FORM).items()}
    figure, found = panels(len(moments), title, len(moments))
    line, step = np.linspace(-limit, limit, cells), 2 * limit / (cells - 1)
    places = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    for axes, (name, (field, particles, *paths)) in zip(found, moments.items()):
        arrows = check_array(field(places), "What the field gives", f"{len(places)}, 2")
        length = np.linalg.norm(arrows, axis=1, keepdims=True) + 1e-9
        arrows = arrows / length * 0.9 * step * np.minimum(1, length / np.median(length)) ** 0.5
        shape = dict(angles="xy", scale_units="xy", scale=1, width=0.006, headwidth=5)
        axes.quiver(*places.T, *arrows.T, color=PREDICTION, alpha=0.5, **shape)
        for path in paths:
            axes.plot(*np.moveaxis(np.asarray(path), -1, 0), color=NOISE, linewidth=1, alpha=0.5)
        axes.plot(*np.asarray(particles).T, "o", color=NOISE, markersize=4)
        axes.set_title(name, loc="left", fontsize=LABEL * POINTS)
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=[], yticks=[])
        axes.grid(False)
    return figure


def _moment(name, moment):
    """[field, particles] or [field, particles, paths] of one moment, checked."""
    moment = as_list(moment, f"moment {quoted(name)}")
    if len(moment) not in (2, 3) or moment[0] is None:
        raise InputError(f"Moment {quoted(name)} is not (field, particles) or (field, particles, paths).")
    check_function(moment[0], "The field", "points")
    for each, what, shape in zip(moment[1:], ("The particles", "The paths"), ("n, 2", "steps, n, 2")):
        check_array(each, what, shape)
    return moment


def draw_lever(uncond, cond, guidance_scale, title, width=MEDIUM, limits=None):
    """Guidance as a lever: the step from uncond to cond, taken `guidance_scale` times, ends at guided.

    `uncond` and `cond` are points (x, y) in a plane; guided = uncond + w · (cond − uncond). That is Ho &
    Salimans 2022 (2207.12598), eq. 6; our w is theirs plus one. `limits` is (left, right, bottom, top): give
    all charts of a slider the same ones.
    """
    uncond, cond = (check_array(each, "A point (x, y)", "2").astype(float) for each in (uncond, cond))
    guidance_scale = check_number(guidance_scale, "The guidance scale")
    if limits is not None:
        limits = tuple(check_array(limits, "The limits (left, right, bottom, top)", "4").tolist())
    guided = uncond + guidance_scale * (cond - uncond)
    figure, axes = chart("", "", title, width=width)
    ends = {
        "uncond, w = 0": (uncond, INK),
        "cond, w = 1": (cond, PREDICTION),
        f"guided, w = {guidance_scale:g}": (guided, GUIDANCE),
    }
    for name, (tip, colour) in ends.items():
        _arrow(axes, (0, 0), tip, colour)
        _name(axes, name, tip, colour, (10, 0))
    axes.plot(*np.array([uncond, guided]).T, "--", color=GUIDANCE, linewidth=2, zorder=1)
    axes.plot(0, 0, "o", color=INK, markersize=8)
    if not limits:
        corners = np.array([(0, 0), uncond, cond, guided])
        (left, bottom), (right, top) = corners.min(0), corners.max(0)
        space = 0.1 * max(right - left, top - bottom)
        limits = left - space, right + space, bottom - space, top + space
    axes.set(xlim=limits[:2], ylim=limits[2:])
    axes.set_aspect("equal", anchor="W")
    axes.axis("off")
    return figure


def draw_hill(noise_levels, entries, title):
    """Image-to-image as a walk over a hill of noise: up in one jump, and down step by step.

    `noise_levels` is the share of noise at each timestep, √(1 − ᾱ), the hill's height; `entries` is
    {name: timesteps}, the steps that a strength leaves, the largest timestep first.
    """
    entries = as_dict(entries, "entries", "{name: timesteps}")
    figure, axes = chart("", "share of noise, √(1 − ᾱ)", title)
    levels = check_array(noise_levels, "The noise levels", "T").astype(float)
    last = len(levels) - 1
    slope = np.arange(-last, last + 1)
    height = levels[last - np.abs(slope)]
    axes.fill_between(slope, height, color=MUTED, alpha=0.12, linewidth=0)
    axes.plot(slope, height, color=MUTED, linewidth=2)
    for name, timesteps in entries.items():
        timesteps = as_list(timesteps, f"entry {quoted(name)}") or [None]
        steps = np.array([int(check_number(t, "Each timestep", least=0, most=last)) for t in timesteps])
        top, level = last - steps[0], levels[steps[0]]
        _arrow(axes, (-last, levels[0]), (-top, level), NOISE, shrinkA=8)
        axes.plot([-top, top], [level, level], ":", color=INK, linewidth=1.5)
        axes.plot(last - steps, levels[steps], "o", color=PREDICTION, markersize=8)
        middle = dict(ha="center", va="top", color=INK, fontsize=LABEL * POINTS)
        axes.annotate(f"{name}: {len(steps)} steps", (0, level - 0.015), **middle)
    axes.plot([-last, last], [levels[0]] * 2, "o", color=SIGNAL, markersize=12, zorder=5)
    axes.set_xticks([-last, 0, last], ["your picture\nt = 0", f"noise\nt = {last}", "its variation\nt = 0"])
    axes.annotate("up in one jump", (-0.98 * last, 0.93), color=NOISE, weight="bold", fontsize=LABEL * POINTS)
    down = dict(color=PREDICTION, weight="bold", fontsize=LABEL * POINTS, ha="right")
    axes.annotate("down, step by step", (0.98 * last, 0.93), **down)
    axes.set(xlim=(-1.06 * last, 1.06 * last), ylim=(0, 1.1))
    return figure


def _arrow(axes, start, end, colour, shrinkA=0, **more):
    style = dict(arrowstyle="-|>,head_width=.35,head_length=.7", color=colour, lw=3, shrinkB=0)
    axes.annotate("", end, start, arrowprops=style | {"shrinkA": shrinkA} | more)


def _name(axes, name, place, colour, offset):
    """A name beside a place; `offset` in pixels."""
    at = dict(xytext=tuple(POINTS * each for each in offset), textcoords="offset points", va="center")
    look = dict(color=colour, weight="bold", fontsize=LABEL * POINTS, annotation_clip=False)
    axes.annotate(name, place, **at, **look)
