"""Grades the exercises in notebook 08, Negative prompts."""

import numpy as np
import torch

from helpers.lesson.grading import close, grade, number, pictures


def grade_half_negative(answer, empty, negative, prompt):
    """`answer`: embeddings (2, 77, D): the mean of the empty and the negative one, then the prompt's."""
    grade(
        answer,
        right=torch.cat([(empty + negative) / 2, prompt]),
        hints=[
            (lambda a: a.shape[0] != 2, "Two halves are wanted: torch.cat([first, second])."),
            (torch.cat([prompt, (empty + negative) / 2]), "Mixed rightly, but in the wrong half."),
            (torch.cat([empty + negative, prompt]), "That is the sum: a mean has the size of one embedding."),
            (torch.cat([negative, prompt]), "That is the whole negative prompt: mix in the empty one."),
            (torch.cat([empty, prompt]), "That is the empty prompt alone: mix in the negative one."),
            (
                lambda a: close(a[1:], prompt, atol=1e-3),
                "The second half is right; what belongs in the first?",
            ),
            (
                lambda a: close(a[:1], (empty + negative) / 2, atol=1e-3),
                "The first half is right; what belongs in the second?",
            ),
        ],
        otherwise="Neither half is right: the first is a mean of two, the second has the prompt's.",
    )


def grade_equal_weight(answer, guidance_scale):
    """`answer`: the weight w_n at which Liu et al.'s rule equals a negative prompt at `guidance_scale`."""
    grade(
        answer,
        right=lambda a: abs(a - (guidance_scale - 1)) < 1e-6,
        hints=[
            (
                lambda a: abs(a - guidance_scale) < 1e-6,
                "Close: but at guidance 1 a negative prompt does nothing, so its weight is 0 there.",
            ),
            (lambda a: abs(a - (1 - guidance_scale)) < 1e-6, "The minus sign stands in the rule already."),
            (lambda a: a < 0, "The rule has a minus sign already: the weight is above 0."),
        ],
        wants=number(),
        otherwise="Write down both rules of section 6: by what does each multiply the negative arrow?",
    )


def grade_fewer(answer, judge, before, attribute, value):
    """`answer`: as many pictures as `before`, of which the judge sees fewer with `value`.

    In at least half of them it has to see the same figure as before, if any: the prompt stays. The judge may
    see a figure in mere noise, too; so neighbouring pixels have to be alike.
    """
    (width, height), number_wanted = before[0].size, len(before)
    wants = pictures(
        f"a list of {number_wanted} pictures of {width} × {height} pixels", number_wanted, before[0].size
    )

    def count(painted):
        return sum(look[attribute] == value for look in judge.look(painted))

    def differ(a):
        return len({picture.tobytes() for picture in a}) == len(a)

    def same_prompt(a):
        pairs = zip(judge.look(a), judge.look(before))
        same = [new["view"] == old["view"] and new["figure"] == old["figure"] for new, old in pairs]
        return 2 * sum(same) >= len(same) and all(map(smooth, a))

    def smooth(picture):
        grey = np.asarray(picture.convert("L"), float)
        return np.abs(np.diff(grey, axis=1)).mean() < grey.std() / 2  # of noise it is 1.13 times as much

    grade(
        answer,
        right=lambda a: wants.fits(a) and differ(a) and same_prompt(a) and count(a) < count(before),
        hints=[
            (lambda a: len(a) != len(before), f"{len(before)} pictures are wanted, one for each seed."),
            (
                lambda a: all(p.tobytes() == q.tobytes() for p, q in zip(a, before)),
                "These are the same pictures as before: say it in the negative prompt.",
            ),
            (lambda a: not differ(a), "Two of the pictures are the same: take the seeds from before."),
            (
                lambda a: wants.fits(a) and count(a) >= count(before),
                f"No fewer show {value}: name it in the negative prompt, without a “no”.",
            ),
            (
                lambda a: wants.fits(a) and not same_prompt(a),
                "They show something else than before: keep the prompt and the seeds.",
            ),
        ],
        wants=wants,
    )


def grade_perpendicular(answer, to_negative, to_prompt):
    """`answer`: what remains of `to_negative` without its part along `to_prompt`; all of one shape."""
    product, square = (to_negative * to_prompt).sum(), (to_prompt * to_prompt).sum()
    along = product / square * to_prompt
    back = to_prompt - product / (to_negative * to_negative).sum() * to_negative
    cosine = (to_negative * to_prompt).sum() / (to_negative.norm() * to_prompt.norm()) * to_prompt
    grade(
        answer,
        right=to_negative - along,
        hints=[
            (along, "That is the part along the prompt: it has to go."),
            (to_negative + along, "The wrong sign: take the part along the prompt away."),
            (to_negative - cosine, "Divide by the square of `seed_prompt`'s length, not by both lengths."),
            (lambda a: a.numel() == 1, "The shape should stay: only one number is a sum."),
            (
                to_negative - product / square**0.5 * to_prompt,
                "Nearly: `seed_prompt` has a length, and so far you divide by it once.",
            ),
            (
                to_negative - product * to_prompt,
                "The longer `seed_prompt` is, the less of it is wanted: by what is the sum divided?",
            ),
            (
                to_negative - to_prompt,
                "That takes away all of the prompt's arrow: how much of it lies in the negative one?",
            ),
            (back, "That is the prompt's arrow without the negative one: exchange the two."),
            (to_negative, "Nothing has been taken away yet: how much of it points along the prompt's arrow?"),
        ],
        otherwise="Test it: multiplied with the prompt's arrow and summed up, what is left should give 0.",
    )
