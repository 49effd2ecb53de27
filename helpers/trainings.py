"""The one switch that makes the trainings inside the notebooks short, for tests of whether they run."""

import os

SWITCH = "SHORT_TRAININGS"


def shortened(full, short):
    """`full`, a number of steps or pictures; or `short`, where the environment variable SHORT_TRAININGS is 1.

    The project's own tests set it; nobody else needs to. What a shortened training gives is of no use.
    """
    return short if os.environ.get(SWITCH) == "1" else full
