"""What notebook 10 examines its networks by: the judge of notebook 06, and a finder of the new kind."""

from types import SimpleNamespace

import numpy as np

from helpers.judge import adherence, load_judge
from helpers.lesson.examples import load_prompts
from helpers.lesson.kinds import KindFinder
from helpers.models import POCKET
from worlds import eyeball

FIRST = 9000  # seed of the scenes with an eye; the lesson's pictures have smaller ones


class Exam:
    """Counts what is right in pictures. The pocket judge looks, whichever model painted Pocket Planets."""

    def __init__(self):
        self.judge = load_judge(POCKET)

    def rates(self, pictures, scenes):
        """{attribute: share of the pictures in which it is as the scene says}, 0 where no scene names it.

        "all" is the adherence: the share of everything that the scenes name.
        """
        seen = self.judge.look(pictures)
        right = {
            name: [look[name] == scene[name] for look, scene in zip(seen, scenes) if name in scene]
            for name in self.judge.attributes
        }
        each = {name: sum(marks) / max(1, len(marks)) for name, marks in right.items()}
        return each | {"all": adherence(seen, scenes)[0]}

    def new_kind(self, vae, examples, asking, others):
        """A `NewKind`, with so many drawn examples of each kind, prompts that ask for it, and others."""
        return NewKind(self, KindFinder(self.judge, vae, examples), asking, others)


class NewKind:
    """How well eyeball planets were learned: `asking` are prompts for them, `others` the usual ones."""

    def __init__(self, exam, finder, asking, others):
        self.exam, self.finder = exam, finder
        scenes = [eyeball.sample_scene(np.random.default_rng(FIRST + i)) for i in range(asking)]
        self.asking = [eyeball.caption(scene, np.random.default_rng(0), detail="full") for scene in scenes]
        self.all_else = [{name: scene[name] for name in scene if name != "kind"} for scene in scenes]
        self.others, self.other_scenes = map(list, zip(*load_prompts(others)))

    def seen(self, asked_for, unasked):
        """What pictures show that were painted for `asking` and for `others`.

        Shares, 0 to 1: `found`, of eyeball planets where one was asked for; `all_else`, of what else those
        prompts name; `usual`, of all that the others name. `eyes` counts those among the others' `planets`.
        """
        planets = [picture for picture, scene in zip(unasked, self.other_scenes) if scene["view"] == "space"]
        return SimpleNamespace(
            found=self.finder.share(asked_for),
            all_else=self.exam.rates(asked_for, self.all_else)["all"],
            eyes=round(self.finder.share(planets) * len(planets)),
            planets=len(planets),
            usual=self.exam.rates(unasked, self.other_scenes)["all"],
        )
