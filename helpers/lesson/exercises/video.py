"""Grades the exercise on videos in notebook 12, Beyond pictures."""

from helpers.lesson.grading import grade


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
