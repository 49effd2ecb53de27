"""Grades the exercises in notebook 00, First picture."""

from helpers.judge import Judge, load_pocket_judge
from helpers.lesson.grading import grade, number, pictures, whole_number


def grade_three_pictures(answer, like):
    """`answer`: a list of three different PIL pictures of lava planets, of the size of the picture `like`.

    The pocket judge looks for lava planets, in pictures of its own size; one of the three may escape it.
    """
    width, height = like.size
    wants = pictures(f"a list of three pictures of {width} × {height} pixels", 3, like.size)

    def differ(a):
        return len({picture.tobytes() for picture in a}) == len(a)

    def show_lava(a):
        if like.size != (Judge.side, Judge.side):
            return True
        seen = load_pocket_judge().look(a)
        return sum(look["view"] == "space" and look["kind"] == "lava planet" for look in seen) >= 2

    grade(
        answer,
        right=lambda a: wants.fits(a) and differ(a) and show_lava(a),
        hints=[
            (lambda a: len(a) == 1, "That is one picture: hand a list to `seeds`."),
            (lambda a: not differ(a), "Two of the pictures are the same: give three different seeds."),
            (
                lambda a: wants.fits(a) and not show_lava(a),
                "Three pictures, but the judge sees no lava planets in them: is that the prompt?",
            ),
        ],
        wants=wants,
    )


def grade_unet_calls(answer, steps, num_inference_steps):
    """`answer`: how many entries the callback's list `steps` has."""
    calls = len(steps)
    grade(
        answer,
        right=calls,
        hints=[
            (num_inference_steps, "So many steps were asked for: how many entries has the list `steps`?"),
            (
                lambda a: a in (2 * calls, 2 * num_inference_steps),
                "That counts both copies of the latents: one call works on the two together.",
            ),
            (1000, "So many timesteps were trained; here only some of them are visited."),
        ],
        wants=whole_number("a whole number: the length of a list"),
        otherwise="Each call left one entry in `steps`: how many does the list hold?",
    )


def grade_compression(answer):
    """`answer`: how many numbers of a picture one number of the latents stands for."""
    grade(
        answer,
        right=lambda a: abs(a - 48) < 1e-6,
        hints=[
            (lambda a: abs(a - 64) < 1e-6, "64 counts places only: a pixel has 3 numbers, a latent has 4."),
            (lambda a: abs(a * 48 - 1) < 1e-6, "Upside down: divide the pixels by the latents."),
            (lambda a: abs(a - 8) < 1e-6, "8 is the ratio of the sides: count all numbers of both."),
            (
                lambda a: abs(a - 64 * 4 / 3) < 1e-6,
                "The channels' ratio is upside down: which of the two has more numbers at one place?",
            ),
            (
                lambda a: abs(a - 16) < 1e-6,
                "16 lets a place hold 4 numbers, but forgets that a pixel holds 3.",
            ),
            (
                lambda a: a > 200,
                "That is a count, not yet a ratio: how many times as large is one count as the other?",
            ),
        ],
        wants=number(),
        otherwise="Count all numbers of the picture and all of the latents first: what is their ratio?",
    )
