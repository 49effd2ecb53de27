"""The checks of notebook 03's exercises."""

from helpers.lesson.grading import grade, names, text

PLACES = 4  # of a surface


def grade_longest_prompt(answer, tokenizer):
    """`answer`: a prompt, text, that fills all places of the tokenizer's and loses nothing."""
    places = tokenizer.model_max_length

    def count(prompt):
        return len(tokenizer(prompt, add_special_tokens=False).input_ids)

    grade(
        answer,
        right=lambda a: count(a) == places - 2,
        hints=[
            (
                lambda a: "planetplanet" in a.lower(),
                "The spaces are missing: that is one long word, which falls to pieces.",
            ),
            (lambda a: count(a) > places - 2, "Too long, the end is cut: start and end take two places."),
            (lambda a: count(a) < places - 2, "It fits, but there is room for more words."),
        ],
        wants=text("text: the words themselves, joined by spaces"),
    )


def grade_places(answer, scenes):
    """`answer`: a list with the name of the place ("mars", "moon", …) of each picture.

    `scenes` are the pictures' scenes. CLIP needn't be right each time: twice as often as by chance will
    do, for the large CLIP never saw such drawings.
    """
    truth = [scene["place"] for scene in scenes]

    def share(answers):
        return sum(map(str.__eq__, answers, truth)) / len(truth)

    grade(
        answer,
        right=lambda a: len(a) == len(truth) and share(a) >= 2 / PLACES,
        hints=[
            (lambda a: len(a) == PLACES, "One answer for each place: look for the best along dim 1."),
            (
                lambda a: not all(isinstance(name, str) for name in a),
                "Those are numbers: take the names at these positions of the list `places`.",
            ),
            (lambda a: len(a) != len(truth), "One name for each picture is wanted."),
            (lambda a: not set(a) <= set(truth), "Take the names just as they stand in the list `places`."),
            (lambda a: len(set(a)) == 1, "The same place for every picture: compare the four similarities."),
        ],
        wants=names(f"a list of {len(truth)} names, one for each picture", len(truth)),
    )


def grade_colour_shift(answer, embed):
    """`answer`: embeddings (1, 77, D): red rocky planet, plus what turns a red gas giant blue.

    `embed` gives the embeddings of a prompt.
    """
    rocky = embed("a red rocky planet in deep space")
    red, blue = embed("a red gas giant in deep space"), embed("a blue gas giant in deep space")
    grade(
        answer,
        right=rocky + blue - red,
        hints=[
            (rocky + red - blue, "That goes the other way, from blue to red."),
            (blue - red, "That is the way alone: add it to the rocky planet."),
            (rocky + blue, "Blue is added, but red is still in it: take it away."),
            ((rocky + blue) / 2, "That is a mix of two prompts: add a difference instead."),
            (
                embed("a blue rocky planet in deep space"),
                "Those are the embeddings of a new prompt: add and subtract those of the three given ones.",
            ),
        ],
        otherwise="Only the three given prompts' embeddings are added and subtracted: "
        "is another prompt in it, or a sign wrong?",
    )
