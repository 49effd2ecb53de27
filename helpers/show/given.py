"""What charts are given, checked: colours, curves, dictionaries, Matplotlib's own things."""

from contextlib import contextmanager

from matplotlib.axes import Axes
from matplotlib.colors import is_color_like
from matplotlib.figure import Figure

from helpers.errors import InputError, as_list, check_array, quoted, shown


def as_dict(values, name, form, or_empty=False):
    """The dict. Raise InputError for anything else, and for an empty one; `form` says what it holds."""
    if not isinstance(values, dict) or not values and not or_empty:
        what = "an empty one" if isinstance(values, dict) else shown(values)
        raise InputError(f"Here {name} is a dict, {form}, not {what}.")
    return values


def as_tuple(values, name, form):
    """What a sequence of as many things as `form` names holds, as a tuple. Raise InputError for others."""
    listed = as_list(values, name)
    if len(listed) != form.count(",") + 1:
        raise InputError(f"Here {name} is ({form}), not {len(listed)} of them.")
    return tuple(listed)


def check_colour(colour):
    """Raise InputError for what is no colour of Matplotlib's."""
    if not is_color_like(colour):
        raise InputError(f'{quoted(colour)} is no colour that Matplotlib knows: take one such as "black".')


def check_lines(lines):
    """{name: (x, y, colour)} with text for names. Raise InputError for anything else."""
    for name, line in as_dict(lines, "lines", "{name: (x values, y values, colour)}").items():
        x, y, colour = as_tuple(line, f"line {quoted(name)}", "x values, y values, colour")
        check_together(x=x, y=y)
        check_colour(colour)


def check_together(**values):
    """Raise InputError unless these are numbers, or rows of numbers of one length; NaN is a gap in them."""
    arrays = {name: check_array(each, name, "...", finite=False) for name, each in values.items()}
    shapes = {each.shape for each in arrays.values()}
    if len(shapes) > 1 or max(map(len, shapes)) > 1:
        listed = " and ".join(f"{name} {each.shape}" for name, each in arrays.items())
        raise InputError(f"Rows of numbers of one length are needed, not of the shapes {listed}.")


def check_figure(figure):
    """Raise InputError for what is no figure of Matplotlib's."""
    if not isinstance(figure, Figure):
        raise InputError(f"A chart can't be {shown(figure)}: give the figure of `figure, axes = chart(...)`.")


def check_axes(axes):
    """Raise InputError for what are no axes of Matplotlib's."""
    if not isinstance(axes, Axes):
        raise InputError(f"Axes can't be {shown(axes)}: give those of `figure, axes = chart(...)`.")


@contextmanager
def clear_formula_error():
    """Turn Matplotlib's page on a formula that it can't read into one InputError."""
    try:
        yield
    except ValueError as error:
        if not type(error.__context__).__name__.startswith("Parse"):
            raise
        raise InputError(
            r"A text of this chart has a formula that can't be read: look between its $ signs, or write \$ "
            "for a dollar."
        ) from error
