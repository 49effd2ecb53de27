"""Grades the exercises of notebook 13, Video."""

import numpy as np

from helpers.lesson.grading import grade, number, within

near = within(0.01)


def grade_sequences(answer, features):
    """`answer`: features (B, C, F, h, w) as sequences over time, one a place: (B·h·w, F, C)."""
    videos, channels, frames, height, width = features.shape
    right = features.permute(0, 3, 4, 2, 1).flatten(0, 2)
    one_a_frame = features.permute(0, 2, 3, 4, 1).flatten(0, 1).flatten(1, 2)

    def shaped(*shape):
        return lambda a: a.shape == shape

    grade(
        answer,
        right=right,
        hints=[
            (
                one_a_frame,
                "That is a sequence of places for each frame, as picture layers see it: swap the roles.",
            ),
            (features.permute(0, 4, 3, 2, 1).flatten(0, 2), "Nearly: height comes before width."),
            (
                features.permute(3, 4, 0, 2, 1).flatten(0, 2),
                "Nearly: the places of one video stand together, so videos come first.",
            ),
            (
                shaped(*right.shape),
                "The shape fits, but the numbers are mixed up: `permute` moves axes, "
                "`reshape` alone doesn't.",
            ),
            (shaped(videos * height * width, channels, frames), "A token is a row: its channels come last."),
            (shaped(videos, height, width, frames, channels), "Nearly: join the first three axes into one."),
            (
                shaped(videos * channels, frames, height, width),
                "A token is made of channels: they come last.",
            ),
        ],
    )


def grade_change(answer, frames):
    """`answer`: how much uint8 frames (F, H, W, 3) change from one to the next, on average, 0 to 255."""
    differences = np.diff(frames.astype(float), axis=0)

    grade(
        answer,
        right=near(np.abs(differences).mean()),
        hints=[
            (
                near(np.diff(frames, axis=0).mean()),
                "uint8 has no numbers below 0: 3 - 5 is 254 there. Take frames.astype(float) first.",
            ),
            (lambda a: abs(a - differences.mean()) < 1e-3, "Ups and downs cancel: take the absolute values."),
            (near((differences**2).mean()), "That is the mean square: take the absolute values."),
            (near(np.abs(np.diff(frames.astype(float))).mean()), "Those are colours: the frames are axis 0."),
            (near(np.abs(differences).sum()), "That is the sum: take the mean."),
            (
                near(np.abs(frames[-1].astype(float) - frames[0]).mean()),
                "That is from the first to the last: what of the frames in between?",
            ),
            (
                near(np.abs(differences).mean() / 255),
                "That is a share of 255: stay with the bytes' own scale.",
            ),
            (
                near((differences**2).mean() ** 0.5),
                "That is the root of the mean square: take absolute values.",
            ),
            (near(np.abs(differences).max()), "That is the largest change: take the mean."),
        ],
        wants=number(),
        otherwise="Three steps: the differences of neighbouring frames, their size without a sign, the mean.",
    )


def grade_attention(answer, query, key, value):
    """`answer`: attention over the frames at one place; `query`, `key`, `value` are (F, C)."""
    scores = query @ key.T / key.shape[1] ** 0.5
    grade(
        answer,
        right=scores.softmax(1) @ value,
        hints=[
            (
                (query @ key.T).softmax(1) @ value,
                "Nearly: divide by the root of the number of channels first.",
            ),
            (scores.softmax(0) @ value, "The wrong axis: each frame's row of weights adds up to 1."),
            (scores @ value, "The softmax is missing: weights are positive and add up to 1."),
            (scores.softmax(1), "Those are the weights: now take the weighted sum of the values."),
            (
                (query @ key.T / key.shape[1]).softmax(1) @ value,
                "The root of the number of channels, not itself.",
            ),
            (scores.T.softmax(1) @ value, "Query and key are swapped: each row asks, each column answers."),
            (
                (query @ key.T / len(query) ** 0.5).softmax(1) @ value,
                "The root belongs to the number of channels, not of frames.",
            ),
            (
                (query @ key.T * key.shape[1] ** 0.5).softmax(1) @ value,
                "The root makes the scores smaller: divide, don't multiply.",
            ),
            (scores.softmax(1) @ key, "The weights are right; what they add up is the third of the three."),
            (value, "Then no frame looks at another: how well does each query fit each key?"),
            (scores, "Those are the scores: what makes weights of them?"),
        ],
        otherwise="Print the weights before they meet the values: does each of eight rows add up to 1?",
    )
