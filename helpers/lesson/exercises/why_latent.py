"""Grades the exercises in notebook 11, Why latent?"""

from helpers.lesson.grading import grade, number, some_numbers, whole_number, within

near = within(0.005)


def grade_numbers(answer):
    """`answer`: how many times fewer numbers LDM-4's and Würstchen's latents have than their pictures."""
    right = 4 * 4 * 3 / 3, 1024 * 1024 * 3 / (16 * 24 * 24)

    def fits(place, wanted):
        return lambda a: near(wanted)(a[place])

    grade(
        answer,
        right=lambda a: len(a) == 2 and fits(0, right[0])(a) and fits(1, right[1])(a),
        hints=[
            (
                lambda a: fits(0, right[1])(a) and fits(1, right[0])(a),
                "Both are there, in the wrong order: LDM-4 first.",
            ),
            (
                lambda a: fits(0, 4)(a) or fits(1, 1024 / 24)(a),
                "That is one side only: a picture has two.",
            ),
            (fits(1, (1024 / 24) ** 2), "So many times fewer places; but each holds 16 numbers, a pixel 3."),
            (fits(1, (1024 / 24) ** 2 / 16), "A pixel isn't one number but 3."),
            (fits(1, right[1] * 16), "Würstchen's latents hold 16 numbers at each place."),
            (lambda a: fits(0, 12)(a) or fits(0, 48)(a), "LDM-4's latents have 3 channels, not 4 or 1."),
            (
                lambda a: fits(0, 1 / right[0])(a) or fits(1, 1 / right[1])(a),
                "Upside down: how many times fewer, the picture's numbers over the latents'.",
            ),
            (
                fits(0, right[0]),
                "LDM-4's is right; count all numbers of Würstchen's picture and latents, too.",
            ),
            (
                fits(1, right[1]),
                "Würstchen's is right; count all numbers of LDM-4's picture and latents, too.",
            ),
        ],
        wants=some_numbers("a pair of numbers, LDM-4's and Würstchen's", 2),
        otherwise="Count for each: how many numbers has a picture, and how many have its latents?",
    )


def grade_seconds_saved(answer, table, pictures=100):
    """`answer`: how many seconds less LDM-4 takes for so many pictures of 512 x 512."""
    pixels, latents = table["LDM-1"], table["LDM-4"]
    training, small, large, hours, _ = pixels

    def saved(name):
        return pictures / pixels[name] - pictures / latents[name]

    grade(
        answer,
        right=near(saved(large)),
        hints=[
            (near(saved(small)), "That is the row of sampling at 256."),
            (near(saved(training)), "That is training: the models are finished and sample."),
            (
                near(pictures / pixels[large] * (1 - latents[hours] / pixels[hours])),
                "That takes the famous 2.7, hours per epoch, for the speed of sampling.",
            ),
            (near(-saved(large)), "So many fewer: the pixels' seconds minus the latents'."),
            (near(pictures / pixels[large]), "That is what LDM-1 takes: how much of it does LDM-4 save?"),
            (near(pictures / latents[large]), "That is what LDM-4 still takes, not what it saves."),
            (near(latents[large] / pixels[large]), "That is how many times faster: seconds are wanted."),
            (near(saved(large) / pictures), "That is for one picture."),
            (
                near(pictures * (latents[large] - pixels[large])),
                "The table has pictures a second: divide by them to get seconds.",
            ),
            (
                near(pictures / pixels[large] + pictures / latents[large]),
                "That is what both take together: what does one save?",
            ),
        ],
        wants=number(),
        otherwise="For each model: how long do 100 pictures take by the row of sampling at 512?",
    )


def grade_attention_grows(answer, convolutions=90, products=10, times=4):
    """`answer`: GFLOP of a call when the side grows `times` times."""
    square, fourth = times**2, times**4
    grade(
        answer,
        right=lambda a: a == convolutions * square + products * fourth,
        hints=[
            (
                lambda a: a == (convolutions + products) * square,
                "That lets attention grow with the square too: it compares each place with each other.",
            ),
            (
                lambda a: a == (convolutions + products) * fourth,
                "That lets convolutions grow with the fourth power too: they work at each place once.",
            ),
            (
                lambda a: a == (convolutions + products) * times,
                "The side is 4 times as long: how many times as many places are there?",
            ),
            (
                lambda a: a == convolutions * times + products * square,
                "You took the number of places for the side: the side is 4 times as long, the places are 16.",
            ),
            (
                lambda a: a == convolutions * square + products * fourth / times,
                "Attention grows with the square of the number of *places*: how many times more are there?",
            ),
            (
                lambda a: a == convolutions * fourth + products * square,
                "The other way round: which of the two compares each place with each other?",
            ),
            (lambda a: a == products * fourth, "That is attention alone: add the convolutions."),
            (lambda a: a == convolutions * square, "That is the convolutions alone: add attention."),
            (
                lambda a: a == convolutions + products * fourth,
                "Convolutions grow too: they work at every place.",
            ),
            (
                lambda a: a == (convolutions + products) * 2**times,
                "That doubles for each of 4: but the side is 4 times as long, so how many places are there?",
            ),
        ],
        wants=number(),
        otherwise="Take the two apart: how many times more places are there, and how many times more pairs?",
    )


def grade_decoder_share(answer, step, once):
    """`answer`: the largest number of guided steps with which decoding is a tenth of the work or more."""
    right = int(9 * once / step)
    grade(
        answer,
        right=lambda a: a == right,
        hints=[
            (lambda a: a != int(a), "A whole number of steps is wanted: round down."),
            (
                lambda a: a == int(10 * once / step),
                "Decoding belongs to all the work too: it is a tenth when the steps are nine times as much.",
            ),
            (lambda a: a == int(18 * once / step), "`step` has both calls of guidance in it already."),
            (lambda a: a < right, "With one step more decoding is still a tenth or more."),
            (lambda a: a > right, "With so many steps decoding is less than a tenth."),
        ],
        wants=whole_number(),
    )
