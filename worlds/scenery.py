"""What there is to see in Pocket Planets: planets with rings and moons, landscapes, and who stands in them.

Every function paints on a Canvas (paintbox.py) with chance from a numpy generator. Colours are chosen to be
told apart on a projector and by colour-blind readers, and details to be at least three pixels wide.
"""

import numpy as np

from worlds.paintbox import SIZE, Canvas, X, Y, below, box, capsule, convex, cover, disc, ellipse, noise, rgb

COLOURS = {
    "red": rgb(205, 50, 45), "orange": rgb(238, 135, 40), "yellow": rgb(240, 210, 75),
    "green": rgb(70, 175, 80), "blue": rgb(55, 110, 225), "purple": rgb(140, 75, 200),
    "pink": rgb(240, 135, 185), "grey": rgb(150, 150, 155),
}  # fmt: skip
RADII = {"small": (15, 18), "medium": (27, 31), "giant": (44, 49)}
NEBULAE = {
    "purple nebula": (rgb(150, 60, 190), rgb(225, 100, 190)),
    "blue nebula": (rgb(30, 90, 190), rgb(60, 180, 215)),
    "orange nebula": (rgb(190, 85, 30), rgb(240, 175, 70)),
}


# Space


def stars(canvas, rng, count, lowest=SIZE):
    for _ in range(count):
        x, y = rng.uniform(3, SIZE - 3), rng.uniform(3, lowest - 3)
        canvas.blend(rgb(255, 250, 235), rng.uniform(0.5, 1) * np.exp(-((X - x) ** 2 + (Y - y) ** 2) / 1.8))


def space(background, rng):
    """Deep space, or a nebula of smooth noise in two colours, with stars."""
    canvas = Canvas(rgb(14, 18, 44))
    if background in NEBULAE:
        outer, inner = NEBULAE[background]
        cloud = np.clip(0.55 + 0.55 * noise(rng, 2, 3), 0, 1)
        canvas.blend(outer, 0.9 * cloud)
        canvas.blend(inner, 0.85 * np.clip(cloud - 0.45 + 0.25 * noise(rng, 4), 0, 1))
    stars(canvas, rng, 10 if background in NEBULAE else 18)
    return canvas


def sphere(x, y, radius):
    """Unit normals (nx, ny, nz) of a ball seen from the front; clamped to the rim outside of it."""
    nx, ny = (X - x) / radius, (Y - y) / radius
    length = np.maximum(np.hypot(nx, ny), 1e-6)
    shrink = np.minimum(1, 1 / length)
    nx, ny = nx * shrink, ny * shrink
    return nx, ny, np.sqrt(np.maximum(1 - nx * nx - ny * ny, 0))


def wrapped(texture, nx, ny):
    """Look up a square texture on the ball, bulging toward the viewer."""
    last = len(texture) - 1
    u = ((np.arcsin(nx) / np.pi + 0.5) * last).astype(int)
    v = ((np.arcsin(ny) / np.pi + 0.5) * last).astype(int)
    return texture[v, u]


def mix(first, second, share):
    return first + share[..., None] * (second - first)


def rocky(normals, colour, rng, light):
    nx, ny, nz = normals
    surface = mix(
        colour * 0.72, np.minimum(colour * 1.12, 1), np.clip(0.5 + 0.6 * wrapped(noise(rng, 4), nx, ny), 0, 1)
    )
    for _ in range(rng.integers(5, 8)):
        centre = rng.normal(size=3) * (1, 1, 0.6)
        centre[2] = abs(centre[2]) + 0.5
        centre /= np.linalg.norm(centre)
        angle = rng.uniform(0.17, 0.34)
        away = np.arccos(np.clip(nx * centre[0] + ny * centre[1] + nz * centre[2], -1, 1)) / angle
        slope = ((nx - centre[0]) * light[0] + (ny - centre[1]) * light[1]) / angle
        bowl = np.clip((1.08 - away) * 6, 0, 1)
        surface = surface * (1 - bowl * (0.30 + 0.22 * slope))[..., None]
        rim = np.exp(-(((away - 1.12) / 0.14) ** 2)) * (0.22 + 0.2 * slope)
        surface = np.clip(surface + np.maximum(rim, 0)[..., None], 0, 1)
    return surface


def gas(normals, colour, rng, light):
    nx, ny, nz = normals
    tilt = rng.uniform(-0.35, 0.35)
    latitude = np.arcsin(np.clip(ny * np.cos(tilt) - nx * np.sin(tilt), -1, 1))
    swirl = 0.10 * wrapped(noise(rng, 4), nx, ny)
    bands = np.sin((latitude + swirl) * rng.uniform(7.5, 10) + rng.uniform(0, 6))
    surface = mix(colour * 0.62, np.minimum(colour * 0.6 + 0.45, 1), np.clip(0.5 + 0.75 * bands, 0, 1))
    spot = np.hypot((nx - rng.uniform(-0.4, 0.4)) / 0.26, (latitude - rng.uniform(-0.5, 0.5)) / 0.15)
    return mix(surface, np.minimum(colour * 0.35 + 0.6, 1), np.clip((1.1 - spot) * 4, 0, 1) * 0.8)


def ocean(normals, colour, rng, light):
    nx, ny, nz = normals
    land = np.clip(wrapped(noise(rng, 5, 2), nx, ny) * 7 - 1.2, 0, 1)
    surface = mix(
        rgb(25, 90, 200), mix(rgb(60, 165, 75), rgb(190, 165, 95), np.clip(land * 1.5 - 0.8, 0, 1)), land
    )
    clouds = np.clip(wrapped(noise(rng, 8, 2, stretch=3), nx, ny) * 4 - 1.7, 0, 1)
    poles = np.clip((np.abs(ny) - 0.84) * 14, 0, 1)
    return mix(surface, rgb(255, 255, 255), np.maximum(0.95 * clouds, poles))


def cracks(normals, rng, cells, width):
    """Lines where smooth noise crosses zero, 0–1."""
    nx, ny, nz = normals
    field = wrapped(noise(rng, cells, 1, 192), nx, ny)
    dy, dx = np.gradient(field)
    return np.clip(width + 0.5 - np.abs(field) / (np.hypot(dx, dy) + 0.012), 0, 1)


def ice(normals, colour, rng, light):
    nx, ny, nz = normals
    surface = mix(
        rgb(190, 222, 240), rgb(250, 253, 255), np.clip(0.6 + 0.6 * wrapped(noise(rng, 3), nx, ny), 0, 1)
    )
    return mix(surface, rgb(60, 125, 195), 0.9 * cracks(normals, rng, 5, 1.3))


def lava(normals, colour, rng, light):
    nx, ny, nz = normals
    return mix(rgb(82, 38, 34), rgb(125, 58, 44), np.clip(0.5 + 0.6 * wrapped(noise(rng, 5), nx, ny), 0, 1))


def eyeball(normals, colour, rng, light):
    """Ice around one open sea, where the star stands in the zenith: for eyeball.py."""
    nx, ny, nz = normals
    sea, deep = 0.66, 0.3  # radii, in radians seen from the planet's centre
    centre = light + (0, 0, rng.uniform(0.9, 1.5))  # nearer to us than the star's zenith, to be seen whole
    centre /= np.linalg.norm(centre)
    away = np.arccos(np.clip(nx * centre[0] + ny * centre[1] + nz * centre[2], -1, 1))
    away = away + 0.05 * wrapped(noise(rng, 6), nx, ny)
    grain = np.clip(0.6 + 0.6 * wrapped(noise(rng, 3), nx, ny), 0, 1)
    surface = mix(rgb(214, 222, 232), rgb(252, 252, 255), grain)
    surface = mix(surface, 0.95 * colour, np.clip((sea - away) * 14, 0, 1))
    shore = np.clip(1.5 - np.abs(away - sea) * 20, 0, 1)
    return mix(surface, 0.16 * colour, np.maximum(0.7 * shore, np.clip((deep - away) * 14, 0, 1)))


KINDS = {  # training draws the first five at random
    "rocky planet": (rocky, None), "gas giant": (gas, None), "ocean planet": (ocean, rgb(130, 190, 255)),
    "ice planet": (ice, rgb(190, 225, 255)), "lava planet": (lava, rgb(255, 110, 40)),
    "eyeball planet": (eyeball, None),
}  # fmt: skip


def ball(canvas, x, y, radius, surface, normals, light, shadow=0.16):
    """Paint a lit ball: Lambert's cosine, a little light in the shadow."""
    nx, ny, nz = normals
    lit = shadow + (1 - shadow) * np.clip(1.15 * (nx * light[0] + ny * light[1] + nz * light[2]), 0, 1)
    canvas.fill(disc(x, y, radius), np.clip(surface * lit[..., None], 0, 1))


def atmosphere(canvas, air, x, y, radius, light):
    """The glow of a planet's air around it, stronger on the lit side."""
    fade = np.exp(-np.maximum(disc(x, y, radius), 0) / (0.10 * radius + 1.5))
    side = np.clip(0.55 + 0.45 * ((X - x) * light[0] + (Y - y) * light[1]) / radius, 0.12, 1)
    canvas.pixels += (0.7 * fade * side)[..., None] * air * (1 - canvas.pixels)


def ring_system(x, y, radius, lean, squeeze):
    """(shape, colour, v) of rings around a planet; they are behind it where v is negative."""
    u = (X - x) * np.cos(lean) + (Y - y) * np.sin(lean)
    v = (Y - y) * np.cos(lean) - (X - x) * np.sin(lean)
    reach = np.hypot(u, v / squeeze) / radius
    stripes = 0.72 + 0.28 * np.sign(np.sin((reach - 1.4) * 11)) if radius > 22 else 0.9
    colour = rgb(233, 208, 160) * np.broadcast_to(stripes, X.shape)[..., None]
    return np.maximum(1.38 - reach, reach - 2.02) * radius * 0.6, colour, v


def planet(canvas, kind, colour, x, y, radius, rings, light, rng):
    """A planet at (x, y), with rings that pass behind it and in front of it."""
    paint, air = KINDS[kind]
    colour = COLOURS[colour or "grey"] * rng.uniform(0.94, 1.06)
    if air is None:
        air = np.minimum(colour * 0.7 + 0.25, 1)
    atmosphere(canvas, air, x, y, radius, light)
    if rings:
        ring_shape, ring_colour, v = ring_system(
            x, y, radius, lean=rng.uniform(-0.4, 0.4), squeeze=rng.uniform(0.24, 0.36)
        )
        canvas.fill(ring_shape, ring_colour, within=v)
    normals = sphere(x, y, radius)
    ball(
        canvas,
        x,
        y,
        radius,
        paint(normals, colour, rng, light),
        normals,
        light,
        0.3 if kind == "lava planet" else 0.16,
    )
    if kind == "lava planet":
        canvas.blend(rgb(255, 150, 40), cover(disc(x, y, radius - 0.5)) * cracks(normals, rng, 5, 1.6))
    if rings:
        canvas.fill(ring_shape, ring_colour, within=-v)


def moons(canvas, count, x, y, radius, light, rng):
    """`count` grey moons that touch neither the planet nor each other nor the edge."""
    placed = []
    while len(placed) < count:
        mx, my, mr = rng.uniform(10, SIZE - 10), rng.uniform(10, SIZE - 10), rng.uniform(6, 7.5)
        if np.hypot(mx - x, my - y) > radius + mr + 3 and all(
            np.hypot(mx - a, my - b) > 22 for a, b in placed
        ):
            placed.append((mx, my))
            normals = sphere(mx, my, mr)
            canvas.glow(mx, my, mr, rgb(120, 120, 140), 0.25)
            ball(
                canvas, mx, my, mr, np.broadcast_to(rgb(216, 214, 206), (SIZE, SIZE, 3)), normals, light, 0.3
            )


def space_view(scene, rng):
    canvas = Canvas(rgb(236, 236, 236)) if scene["style"] == "sketch" else space(scene["background"], rng)
    if scene["style"] == "sketch":
        canvas.blend(rgb(150, 150, 150), 0.5 * np.clip(0.4 + 0.6 * noise(rng, 2), 0, 1))
    side = rng.choice([-1, 1])
    light = np.array([0.72 * side, -0.42, 0.62])
    light /= np.linalg.norm(light)
    radius = rng.uniform(*RADII[scene["size"]])
    room = {"small": 16, "medium": 10, "giant": 3}[scene["size"]]
    x, y = SIZE / 2 + rng.uniform(-room, room, 2)
    planet(canvas, scene["kind"], scene.get("colour"), x, y, radius, scene["rings"] == "rings", light, rng)
    count = ("no moons", "one moon", "two moons", "three moons").index(scene["moons"])
    moons(canvas, count, x, y, radius, light, rng)
    return canvas


# Surfaces: sky at the top, sky at the horizon, far land, near land

LAND = {
    ("mars", "day"): (rgb(208, 140, 95), rgb(246, 205, 160), rgb(165, 78, 48), rgb(205, 100, 56)),
    ("mars", "night"): (rgb(26, 22, 54), rgb(98, 56, 78), rgb(88, 42, 46), rgb(128, 62, 52)),
    ("moon", "day"): (rgb(16, 18, 40), rgb(40, 44, 74), rgb(150, 150, 156), rgb(206, 206, 208)),
    ("moon", "night"): (rgb(12, 14, 40), rgb(30, 36, 82), rgb(58, 62, 92), rgb(84, 90, 122)),
    ("icy planet", "day"): (rgb(92, 158, 225), rgb(205, 232, 248), rgb(170, 208, 232), rgb(238, 247, 253)),
    ("icy planet", "night"): (rgb(16, 26, 72), rgb(46, 110, 140), rgb(82, 118, 164), rgb(132, 164, 204)),
    ("jungle planet", "day"): (rgb(72, 178, 200), rgb(208, 240, 214), rgb(52, 128, 74), rgb(104, 176, 72)),
    ("jungle planet", "night"): (rgb(12, 26, 62), rgb(34, 82, 102), rgb(22, 66, 62), rgb(38, 98, 68)),
}  # fmt: skip


def skyline(rng, level, height, cells):
    grid = noise(rng, cells, 2)[SIZE // 2]
    return level - height * (0.5 + 0.5 * grid)


def far_land(canvas, place, horizon, colour, rng):
    """What stands on the horizon tells the places apart, also in grey: mesas, hills, ice spikes, trees."""
    if place == "mars":
        steps = np.clip(noise(rng, 3, 1)[SIZE // 2] * 5, -1, 1)
        canvas.fill(below(horizon - 5 - 6 * (1 + steps)), colour)
    elif place == "moon":
        canvas.fill(below(skyline(rng, horizon + 1, 15, 3)), colour)
    elif place == "icy planet":
        for x in np.arange(rng.uniform(-4, 10), SIZE + 8, 15.5):
            x, w, h = x + rng.uniform(-3, 3), rng.uniform(7, 10), rng.uniform(14, 34)
            tip = (x + rng.uniform(-3, 3), horizon - h)
            canvas.fill(convex(tip, (x + w, horizon + 5), (x - w, horizon + 5)), np.minimum(colour * 1.08, 1))
            canvas.fill(convex(tip, (x + w, horizon + 5), (x + 1, horizon + 5)), colour * 0.80, outline=False)
    else:
        for x in np.arange(rng.uniform(-4, 10), SIZE + 8, 21):
            x, r, h = x + rng.uniform(-4, 4), rng.uniform(10, 13), rng.uniform(18, 27)
            canvas.fill(
                capsule(x, horizon + 3, x, horizon - h + r, 2.2),
                rgb(96, 66, 44) * (0.35 + colour.max()),
                outline=False,
            )
            canvas.fill(disc(x, horizon - h, r), colour * rng.uniform(0.85, 1.15), 0.25)


def near_land(canvas, place, horizon, colour, rng):
    ground = below(skyline(rng, horizon + 2, 3, 2))
    depth = np.clip((Y - horizon) / (SIZE - horizon), 0, 1)
    shade = 0.90 + 0.14 * depth + 0.05 * noise(rng, 5, 2, stretch=2)
    canvas.fill(ground, np.clip(colour * shade[..., None], 0, 1))
    spots = {"mars": 3, "moon": 5, "icy planet": 2, "jungle planet": 4}[place]
    for _ in range(spots):
        x, y = rng.uniform(4, SIZE - 4), rng.uniform(horizon + 9, SIZE - 4)
        w = rng.uniform(5, 8) * (0.6 + (y - horizon) / 45)
        if place == "moon" or place == "mars":
            canvas.fill(ellipse(x, y, w, w * 0.38), colour * 0.74)
            canvas.fill(ellipse(x, y + 0.13 * w, w * 0.8, w * 0.25), colour * 0.86, outline=False)
        elif place == "icy planet":
            canvas.fill(
                ellipse(x, y, w * 1.4, w * 0.3),
                colour * np.array([0.72, 0.85, 0.96], np.float32),
                outline=False,
            )
        else:
            for lean in (-0.5, 0, 0.5):
                canvas.fill(capsule(x, y, x + lean * w, y - w * 0.9, 1.5), colour * 0.6, outline=False)


def surface_view(scene, rng):
    place, time = scene["place"], scene["time"]
    top, low, far, near = LAND[place, time]
    horizon = rng.uniform(80, 90)
    canvas = Canvas(top)
    canvas.blend(low, np.clip(Y / horizon, 0, 1) ** 1.4)
    if time == "night" or place == "moon":
        stars(canvas, rng, 14, horizon - 14)
    if (place, time) == ("icy planet", "night"):
        band = np.exp(-(((Y - 26 - 9 * noise(rng, 2)) / 11) ** 2))
        canvas.blend(rgb(80, 225, 165), 0.5 * band)
    x = rng.uniform(44, 84)
    side = 1 if x < SIZE / 2 else -1
    up_x, up_y = SIZE / 2 + side * rng.uniform(32, 40), rng.uniform(22, 30)
    light = (0.6 * side, -0.8)
    if scene["sky"] == "sun":
        canvas.glow(up_x, up_y, 12, rgb(255, 236, 180), 0.9)
        canvas.fill(disc(up_x, up_y, 11), rgb(255, 250, 222))
    elif scene["sky"] == "ringed planet":
        toward = np.array([-0.5 * side, -0.5, 0.7])
        colour = rng.choice(["red", "orange", "blue", "purple", "pink"])
        planet(canvas, "gas giant", colour, up_x, up_y, rng.uniform(12, 14), True, toward, rng)
    far_land(canvas, place, horizon, far, rng)
    near_land(canvas, place, horizon, near, rng)
    if scene["figure"] != "nobody":
        dim = 1.0 if time == "day" else 0.80
        FIGURES[scene["figure"]](canvas, x, rng.uniform(112, 119), rng.uniform(70, 82), light, dim, rng)
    return canvas


# Figures: feet at (x, y), `h` pixels tall


def shadow(canvas, x, y, width):
    canvas.blend(rgb(20, 16, 24), 0.38 * cover(ellipse(x, y, width, width * 0.22), 1.5))


def astronaut(canvas, x, y, h, light, dim, rng):
    white, grey, gold = rgb(244, 246, 250) * dim, rgb(150, 158, 172) * dim, rgb(250, 165, 35) * dim
    s, raised = h / 80, rng.choice([-1, 0, 1])
    shadow(canvas, x, y, 24 * s)
    canvas.fill(box(x, y - 43 * s, 17 * s, 15 * s, 5 * s), grey, 0.3, light)
    for side in (-1, 1):
        canvas.fill(
            capsule(x + 7.5 * side * s, y - 24 * s, x + 8.5 * side * s, y - 8 * s, 6.2 * s), white, 0.3, light
        )
        canvas.fill(box(x + 9 * side * s, y - 3.5 * s, 7.2 * s, 4 * s, 3 * s), grey, 0.3, light)
        hand = y - (62 if raised == side else 26) * s
        canvas.fill(
            capsule(x + 14 * side * s, y - 45 * s, x + 21 * side * s, hand, 5.2 * s), white, 0.3, light
        )
        canvas.fill(disc(x + 21.5 * side * s, hand, 5 * s), grey, 0.3, light)
    canvas.fill(box(x, y - 37 * s, 14.5 * s, 15.5 * s, 7 * s), white, 0.3, light)
    canvas.fill(box(x, y - 34 * s, 6.5 * s, 4.5 * s, 1.5 * s), rgb(215, 48, 42) * dim)
    canvas.fill(disc(x, y - 63 * s, 17 * s), white, 0.3, light)
    canvas.fill(ellipse(x, y - 62 * s, 12.5 * s, 10 * s), gold, 0.3, light)
    canvas.blend(rgb(255, 246, 214), 0.85 * cover(ellipse(x - 4.5 * s, y - 66 * s, 4 * s, 2.6 * s), 0.8))


def robot(canvas, x, y, h, light, dim, rng):
    steel, dark, cyan = rgb(140, 165, 196) * dim, rgb(74, 88, 112) * dim, rgb(60, 222, 226)
    s, raised = h / 80, rng.choice([-1, 0, 1])
    shadow(canvas, x, y, 23 * s)
    for side in (-1, 1):
        canvas.fill(box(x + 8 * side * s, y - 14 * s, 4.2 * s, 13 * s, 1), dark, 0.2, light)
        canvas.fill(box(x + 9 * side * s, y - 3.5 * s, 7 * s, 4 * s, 1.5), steel, 0.3, light)
        hand = y - (60 if raised == side else 22) * s
        canvas.fill(
            capsule(x + 17 * side * s, y - 43 * s, x + 22 * side * s, hand, 3.6 * s), dark, 0.2, light
        )
        canvas.fill(disc(x + 22 * side * s, hand, 5 * s), steel, 0.3, light)
    canvas.fill(box(x, y - 36 * s, 16.5 * s, 15 * s, 3 * s), steel, 0.3, light)
    canvas.fill(box(x, y - 36 * s, 8.5 * s, 6 * s, 1.5 * s), cyan * dim)
    canvas.fill(capsule(x, y - 70 * s, x, y - 77 * s, 1.6 * s), dark)
    canvas.fill(disc(x, y - 78 * s, 4 * s), rgb(228, 50, 45))
    canvas.fill(box(x, y - 61 * s, 14.5 * s, 10.5 * s, 3 * s), steel * 1.08, 0.3, light)
    for side in (-1, 1):
        canvas.fill(disc(x + 6.3 * side * s, y - 61.5 * s, 4 * s), rgb(255, 226, 70))


def alien(canvas, x, y, h, light, dim, rng):
    green, deep = rgb(112, 214, 80) * dim, rgb(74, 164, 62) * dim
    s, raised = h / 80, rng.choice([-1, 0, 1])
    shadow(canvas, x, y, 19 * s)
    for side in (-1, 1):
        canvas.fill(
            capsule(x + 5 * side * s, y - 20 * s, x + 7 * side * s, y - 4 * s, 3.8 * s), green, 0.3, light
        )
        canvas.fill(ellipse(x + 9 * side * s, y - 2.5 * s, 6.5 * s, 3.2 * s), deep, 0.3, light)
        hand = y - (52 if raised == side else 16) * s
        canvas.fill(
            capsule(x + 8 * side * s, y - 36 * s, x + 19 * side * s, hand, 3.2 * s), green, 0.3, light
        )
        canvas.fill(disc(x + 19 * side * s, hand, 4 * s), deep, 0.3, light)
    canvas.fill(ellipse(x, y - 29 * s, 10.5 * s, 14 * s), green, 0.3, light)
    canvas.fill(ellipse(x, y - 60 * s, 19 * s, 20 * s), green, 0.3, light)
    for side in (-1, 1):
        canvas.fill(ellipse(x + 8.2 * side * s, y - 58 * s, 5.6 * s, 7.6 * s), rgb(16, 22, 26))
        canvas.blend(
            rgb(255, 255, 255), 0.9 * cover(disc(x + (8.2 * side - 1.6) * s, y - 61 * s, 1.8 * s), 0.8)
        )
    canvas.fill(
        capsule(x - 4 * s, y - 46.5 * s, x + 4 * s, y - 46.5 * s, 1.3 * s), rgb(40, 84, 40), outline=False
    )


def rocket(canvas, x, y, h, light, dim, rng):
    white, red, blue = rgb(242, 243, 247) * dim, rgb(222, 44, 40) * dim, rgb(64, 160, 230) * dim
    s = h / 78
    shadow(canvas, x, y, 23 * s)
    for side in (-1, 1):
        fin = [(x + 8 * side * s, y - 34 * s), (x + 23 * side * s, y - 1 * s), (x + 8 * side * s, y - 9 * s)]
        canvas.fill(convex(*(fin if side == 1 else fin[::-1])), red, 0.2, light)
    canvas.fill(box(x, y - 5 * s, 7 * s, 4.5 * s, 1), rgb(90, 94, 106) * dim)
    body = np.maximum(ellipse(x, y - 34 * s, 14 * s, 52 * s), Y - (y - 8 * s))
    canvas.fill(body, white, 0.3, light)
    canvas.fill(np.maximum(body, Y - (y - 63 * s)), red, 0.3, light)
    canvas.fill(disc(x, y - 45 * s, 7.4 * s), rgb(110, 116, 130) * dim)
    canvas.fill(disc(x, y - 45 * s, 5.2 * s), blue)
    canvas.fill(box(x, y - 20 * s, 13 * s, 2 * s), red, within=body)


FIGURES = {"astronaut": astronaut, "robot": robot, "alien": alien, "rocket": rocket}
