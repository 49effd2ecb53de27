"""Who stands on the land in Pocket Planets: astronaut, robot, alien, rocket.

Figures are drawn around their feet at (0, 0), 80 units tall with y pointing down, then moved to their place.
`fill(shape, colour, ...)` paints one part. No limb is thinner than seven units.
"""

from worlds.paintbox import Shape, both, box, capsule, disc, ellipse, moved, polygon, rgb

POSES = ((0, 0), (0, 1), (1, 0), (1, 1), (0, 0.45), (0.45, 0))  # each hand down, up, or on the hip


def stand(figure, canvas, x, y, scale, light, dim, rng):
    """Paint a figure with its feet at (x, y) and its shadow; `dim` is 1 by day and less at night."""
    shadow = ellipse(x, y, 23 * scale, 23 * scale * 0.22)
    window, X, Y = canvas.window(shadow)
    canvas.blend(rgb(20, 16, 24), 0.42 * canvas.cover(shadow.distance(X, Y), 3), window)

    def fill(shape, colour, relief=0.3, **options):
        canvas.fill(moved(shape, x, y, scale), colour, relief, light, **options)

    FIGURES[figure](fill, dim, rng)


def limbs(rng, reach, wider, low, lift):
    """(side, x of the hand, y of the hand) for the left, −1, and the right, 1: a pose by chance.

    A hanging hand is `reach` from the middle, `low` above the ground; a raised one `wider` and `lift` more.
    """
    for side, hand in zip((-1, 1), POSES[rng.integers(len(POSES))]):
        yield side, (reach + wider * (hand == 1)) * side, -(low + lift * hand)


def astronaut(fill, dim, rng):
    white, grey, gold = rgb(246, 248, 252) * dim, rgb(150, 160, 178) * dim, rgb(250, 168, 40) * dim
    fill(box(0, -43, 18, 15, 5), grey)
    for side, x, y in limbs(rng, 22, 3, 25, 40):
        fill(capsule(7.5 * side, -24, 8.5 * side, -8, 6.4), white)
        fill(box(9 * side, -4, 7.4, 4.4, 3), grey)
        fill(capsule(14 * side, -46, x, y, 5.2), white)
        fill(disc(x, y, 5.4), grey)
    fill(box(0, -37, 14.5, 15.5, 7), white)
    fill(box(0, -33, 7, 5, 1.5), rgb(218, 46, 42) * dim, relief=0)
    fill(disc(0, -63, 17), white)
    visor = ellipse(0, -62, 13, 10.5)
    fill(visor, gold)
    ground = Shape(visor.box, lambda X, Y: -59 + 0.012 * X**2 - Y)
    fill(both(visor, ground), rgb(176, 92, 26) * dim, relief=0, outline=False)
    fill(ellipse(-4.5, -66, 4, 2.6), rgb(255, 246, 214), relief=0, outline=False, softness=1.5)


def robot(fill, dim, rng):
    steel, dark, cyan = rgb(160, 182, 208) * dim, rgb(84, 98, 124) * dim, rgb(62, 224, 228)
    for side, x, y in limbs(rng, 23, 3, 22, 40):
        fill(box(8.5 * side, -14, 4.8, 13, 1.6), dark, 0.2)
        fill(box(9.5 * side, -4, 7.6, 4.4, 1.6), steel)
        fill(capsule(17 * side, -44, x, y, 4.4), dark, 0.2)
        fill(disc(x, y, 5.6), steel)
    fill(box(0, -36, 17, 15, 3), steel)
    fill(box(0, -36, 9, 6.5, 1.5), cyan * dim, relief=0)
    fill(capsule(0, -70, 0, -76, 2), dark, relief=0)
    fill(disc(0, -78, 4.6), rgb(232, 52, 46), relief=0)
    fill(box(0, -61, 15, 11, 3), steel * 1.06)
    for side in (-1, 1):
        fill(disc(6.6 * side, -61.5, 4.4), rgb(255, 226, 70), relief=0)


def alien(fill, dim, rng):
    skin, suit, deep = rgb(122, 222, 84) * dim, rgb(110, 66, 168) * dim, rgb(72, 42, 120) * dim
    for side, x, y in limbs(rng, 20, 2, 17, 34):
        fill(capsule(5.5 * side, -20, 7.5 * side, -6, 4.6), suit)
        fill(ellipse(9 * side, -3.5, 7.4, 4), deep)
        fill(capsule(8 * side, -37, x, y, 4.2), suit)
        fill(disc(x, y, 5), skin)
    fill(ellipse(0, -29, 12, 14), suit)
    fill(ellipse(0, -60, 20, 20), skin)
    for side in (-1, 1):
        fill(ellipse(8.6 * side, -59, 6, 8), rgb(16, 22, 26), relief=0)
        fill(disc(8.6 * side - 1.6, -62, 2.4), rgb(240, 250, 240), relief=0, outline=False, softness=1)
    fill(capsule(-4, -46, 4, -46, 1.6), rgb(40, 84, 40), relief=0, outline=False)


def rocket(fill, dim, rng):
    white, red, blue = rgb(244, 245, 249) * dim, rgb(224, 44, 40) * dim, rgb(66, 162, 232) * dim
    for side in (-1, 1):
        fin = (8 * side, -36), (24 * side, -1), (8 * side, -9)
        fill(polygon(*fin[::side]), red, 0.2)  # clockwise on both sides
    fill(box(0, -5, 7.5, 5, 1), rgb(96, 100, 114) * dim, relief=0)
    body = both(ellipse(0, -34, 14.5, 50), box(0, -48, 30, 40))
    fill(body, white)
    fill(both(body, box(0, -83, 30, 20)), red)
    fill(disc(0, -45, 8), rgb(112, 118, 132) * dim, relief=0)
    fill(disc(0, -45, 5.4), blue, relief=0)
    fill(both(body, box(0, -19, 14, 2.4)), red, relief=0)


FIGURES = {"astronaut": astronaut, "robot": robot, "alien": alien, "rocket": rocket}
