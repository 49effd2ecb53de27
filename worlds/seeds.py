"""Which seeds are whose: what a network learnt from is never what it is tested with.

Each range serves one purpose, and `JUDGE[5]` is the sixth of its seeds; past a range's end there is an
IndexError. tests/test_world.py finds any two ranges that overlap. Videos have ranges of their own, because
from one seed worlds/turning.py paints something else than worlds/planets.py.
"""

TRAINING = range(1_000_000)  # the pocket model's pictures, training/pocket/data.py
LESSON_TESTS = range(1_000_000, 2_000_000)  # notebook 10: what its U-Net is asked for
LESSON = range(3_000_000, 4_000_000)  # notebook 10: what its U-Net learns from
KINDS = range(10_000_000, 20_000_000)  # helpers/lesson/kinds.py: what the finder of kinds learns from
KINDS_TESTS = range(20_000_000, 30_000_000)  # and how it is tried
UNSEEN = range(1_000_000_000, 1_100_000_000)  # what the training's stages report on
JUDGE = range(2_000_000_000, 2_100_000_000)  # the judge's own pictures

# The evaluation of the pocket model, training/evaluation, and what measure/ asks of it beside
SEEN = range(3_000_000_000, 3_010_000_000)  # combinations that training showed
HELD_OUT = range(3_010_000_000, 3_020_000_000)  # and others
OTHERS = range(3_020_000_000, 3_030_000_000)  # drawn pictures to compare with
GUIDANCE = range(3_030_000_000, 3_040_000_000)  # prompts of the curve against guidance
GUIDANCE_NOISE = range(3_040_000_000, 3_050_000_000)
OPEN = range(3_050_000_000, 3_060_000_000)  # what short captions leave open
SCHEDULERS = range(3_060_000_000, 3_070_000_000)
SCHEDULERS_OTHERS = range(3_070_000_000, 3_080_000_000)
SPACES = range(3_080_000_000, 3_090_000_000)
SPACES_OTHERS = range(3_090_000_000, 3_100_000_000)
EYES = range(3_500_000_000, 3_501_000_000)  # training/evaluation/eyes.py: outlines and moons,
EYES_DISCS = range(3_501_000_000, 3_502_000_000)  # and sharpness
EYES_FAULTS = range(3_502_000_000, 3_503_000_000)  # faults that the judge should find
VIEWERS = range(3_503_000_000, 3_506_000_000)  # training/evaluation/viewers.py: pictures looked at one by one
PREDICTION_TYPES = range(4_000_000_000, 4_010_000_000)

EXAMPLES = range(5_000_000_000, 5_000_001_000)  # images/renders.png and its prompts
CLIP = range(6_000_000_000, 6_001_000_000)  # measure/clip.py: captions of whole pictures,
CLIP_FIGURES = range(6_001_000_000, 6_002_000_000)  # and one range for each kind of question
CLIP_COLOURS = range(6_002_000_000, 6_003_000_000)
CLIP_MOONS = range(6_003_000_000, 6_004_000_000)
CLIP_RINGS = range(6_004_000_000, 6_005_000_000)
PAINTER = range(9_000_000_000, 9_000_000_064)  # helpers/lesson/cache.py: what stands for the painter
TESTS = range(10_000_000_000, 10_100_000_000)  # tests/

VIDEO_TRAINING = range(1_000_000)  # training/beyond/video.py
VIDEO_EXAMPLES = range(2_000_000_000, 2_000_001_000)  # models/pocket-video/drawn.webp
VIDEO_TESTS = range(3_000_000_000, 3_000_100_000)  # measure/video.py
