"""The surface views of Pocket Planets: a sky, what stands in it, and the land below."""

import numpy as np

from worlds.figures import stand
from worlds.paintbox import SIZE, Canvas, capsule, disc, ellipse, hills, look_up, noise, polygon, rgb
from worlds.space import Planet, stars

# Sky at the top, sky at the horizon, far land, near land.
LAND = {
    ("mars", "day"): (rgb(206, 134, 88), rgb(250, 212, 168), rgb(170, 80, 48), rgb(212, 104, 58)),
    ("mars", "night"): (rgb(34, 26, 66), rgb(128, 70, 92), rgb(102, 48, 54), rgb(150, 74, 62)),
    ("moon", "day"): (rgb(16, 18, 40), rgb(46, 50, 82), rgb(150, 150, 156), rgb(210, 210, 212)),
    ("moon", "night"): (rgb(14, 16, 46), rgb(40, 46, 98), rgb(74, 78, 112), rgb(108, 114, 148)),
    ("icy planet", "day"): (rgb(88, 156, 228), rgb(208, 234, 250), rgb(166, 206, 234), rgb(240, 248, 254)),
    ("icy planet", "night"): (rgb(18, 30, 82), rgb(54, 124, 156), rgb(94, 132, 180), rgb(146, 178, 216)),
    ("jungle planet", "day"): (rgb(68, 176, 204), rgb(212, 242, 218), rgb(48, 128, 72), rgb(108, 180, 74)),
    ("jungle planet", "night"): (rgb(16, 34, 76), rgb(44, 100, 120), rgb(28, 82, 78), rgb(48, 116, 82)),
}


def far_land(canvas, place, horizon, colour, rng):
    """What stands on the horizon tells the places apart, also in grey: mesas, hills, ice spikes, trees."""
    if place == "mars":
        canvas.fill(hills(rng, horizon - 3, 14, 3, octaves=1, steepness=2), colour)
    elif place == "moon":
        canvas.fill(hills(rng, horizon + 1, 17, 3), colour)
    elif place == "icy planet":
        for x in np.arange(rng.uniform(-6, 12), SIZE + 10, 20):
            x, w, h = x + rng.uniform(-3, 3), rng.uniform(9, 12), rng.uniform(17, 36)
            tip, foot = (x + rng.uniform(-3, 3), horizon - h), horizon + 5
            canvas.fill(polygon(tip, (x + w, foot), (x - w, foot)), np.minimum(colour * 1.12, 1))
            canvas.fill(polygon(tip, (x + w, foot), (x + 2, foot)), colour * 0.78, outline=False)
    else:
        for x in np.arange(rng.uniform(-4, 12), SIZE + 10, 25):
            x, r, h = x + rng.uniform(-4, 4), rng.uniform(12, 15), rng.uniform(20, 29)
            trunk = rgb(110, 76, 50) * (0.35 + colour.max())
            canvas.fill(capsule(x, horizon + 3, x, horizon - h + r, 2.8), trunk, outline=False)
            canvas.fill(disc(x, horizon - h, r), colour * rng.uniform(0.88, 1.16), 0.28)


def near_land(canvas, place, horizon, colour, rng):
    """The ground down to the picture's edge, and what lies on it: craters, puddles of ice, ferns."""
    grain = look_up(noise(rng, 4, 2), canvas.Y / SIZE * 2 - 1, canvas.X / SIZE * 2 - 1)
    shade = 0.92 + 0.12 * np.maximum((canvas.Y - horizon) / (SIZE - horizon), 0) + 0.05 * grain
    canvas.fill(hills(rng, horizon + 2, 4, 2), np.clip(colour * shade[..., None], 0, 1))
    for _ in range({"mars": 3, "moon": 4, "icy planet": 2, "jungle planet": 3}[place]):
        x, y = rng.uniform(6, SIZE - 6), rng.uniform(horizon + 12, SIZE - 5)
        w = rng.uniform(8, 11) * (0.6 + (y - horizon) / 45)
        if place in ("moon", "mars"):
            canvas.fill(ellipse(x, y, w, w * 0.36), colour * 0.72)
            canvas.fill(ellipse(x, y + 0.12 * w, w * 0.78, w * 0.22), colour * 0.88, outline=False)
        elif place == "icy planet":
            canvas.fill(ellipse(x, y, w * 1.4, w * 0.34), colour * rgb(186, 218, 248), outline=False)
        else:
            for lean in (-0.6, 0, 0.6):
                canvas.fill(capsule(x, y, x + lean * w, y - w * 0.9, 1.9), colour * 0.62, outline=False)


def surface_view(scene, rng, scale):
    """The canvas of a surface view, `scale` pixels a unit."""
    place, time = scene["place"], scene["time"]
    top, low, far, near = LAND[place, time]
    horizon = rng.uniform(84, 91)
    canvas = Canvas(top, scale)
    canvas.blend(low, np.clip(canvas.Y / horizon, 0, 1) ** 1.5)
    if time == "night" or place == "moon":
        stars(canvas, rng, 7, horizon - 24)
    if (place, time) == ("icy planet", "night"):
        wave = look_up(noise(rng, 2, 1), np.zeros_like(canvas.X), canvas.X / SIZE * 2 - 1)
        canvas.blend(rgb(84, 232, 170), 0.6 * np.exp(-(((canvas.Y - 28 - 14 * wave) / 11) ** 2)))
    side = rng.choice([-1, 1])  # of what is in the sky; whoever stands there stands on the other
    x = SIZE / 2 - side * rng.uniform(16, 28)
    up_x, up_y = SIZE / 2 + side * rng.uniform(24, 30), rng.uniform(29, 34)
    light = (0.6 * side, -0.8)
    if scene["sky"] == "sun":
        canvas.glow(up_x, up_y, 15, rgb(255, 240, 200), 0.75, reach=10.5, far=67.5)
        canvas.fill(disc(up_x, up_y, 16), rgb(255, 251, 226), softness=2.5)
    elif scene["sky"] == "ringed planet":
        toward = np.array([-0.45 * side, -0.5, 0.74])
        colour = rng.choice(["red", "orange", "blue", "purple", "pink"])
        ringed = {"kind": "gas giant", "colour": colour, "rings": "rings"}
        Planet(ringed, up_x, up_y, rng.uniform(20, 22), toward, rng).paint(canvas, rng)
    far_land(canvas, place, horizon, far, rng)
    near_land(canvas, place, horizon, near, rng)
    if scene["figure"] != "nobody":
        dim = 1.0 if time == "day" else 0.86
        stand(scene["figure"], canvas, x, rng.uniform(114, 119), rng.uniform(70, 78) / 80, light, dim, rng)
    return canvas
