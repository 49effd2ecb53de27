"""What a viewer sees, measured without any network: round planets, countable moons, sharp details.

A classifier's rate is not what a viewer sees: it credits a planet with a dented rim as long as it is a
planet. These measures look at the pixels; each is reported beside the same for renders.
"""

import numpy as np
from scipy import ndimage, optimize

from training.evaluation.workers import paint, rebuild, render
from worlds import planets, seeds

ANGLES = np.linspace(0, 2 * np.pi, 90, endpoint=False)
MOON_AREA = (90, 700)  # pixels; a star covers fewer
SIZES = {  # what, and its smallest and largest radius in pixels
    "moons": ("moon", 0, 12),
    "small planets": ("planet", 16, 19.6),
    "planets in the sky": ("planet", 19.6, 23),
    "medium planets": ("planet", 23, 35),
    "giant planets": ("planet", 35, 60),
}


def outline(picture, threshold=0.3):
    """Radii in pixels, (90,), of the outline of the one planet in a pencil sketch, uint8 (128, 128, 3).

    From the middle of the best-fitting circle outwards, where the largest dark thing's outer edge is; None
    where there is nothing dark.
    """
    dark = 1 - picture.astype(np.float32).mean(-1) / 255
    labels, count = ndimage.label(ndimage.binary_fill_holes(dark > threshold))
    if not count:
        return None
    sizes = ndimage.sum_labels(np.ones_like(dark), labels, np.arange(1, count + 1))
    filled = ndimage.gaussian_filter((labels == sizes.argmax() + 1).astype(np.float32), 0.7)
    reach = np.arange(0, 90, 0.25)

    def radii(middle):
        along = middle[:, None, None] + reach * np.stack([np.sin(ANGLES), np.cos(ANGLES)])[:, :, None]
        inside = ndimage.map_coordinates(filled, along, order=1) > 0.5
        return reach[np.where(inside.any(1), inside.shape[1] - 1 - inside[:, ::-1].argmax(1), 0)]

    middle = np.array(ndimage.center_of_mass(filled))
    edge = middle[:, None] + radii(middle) * np.stack([np.sin(ANGLES), np.cos(ANGLES)])
    fit = optimize.least_squares(lambda p: np.hypot(*(edge - p[:2, None])) - p[2], [*middle, 30])
    return radii(fit.x[:2])


def roundness(picture):
    """Standard deviation of the outline's radii over their mean: 0 for a circle; None without a planet."""
    radii = outline(picture)
    return None if radii is None else float(radii.std() / radii.mean())


def count_moons(picture):
    """Number of pale grey blobs, as moons are, and larger than stars; uint8 (128, 128, 3)."""
    pixels = picture.astype(np.float32) / 255
    pale = (pixels.min(-1) > 0.33) & (pixels.min(-1) > 0.85 * pixels.max(-1))
    labels, count = ndimage.label(ndimage.binary_opening(pale, iterations=2))
    areas = ndimage.sum_labels(np.ones(pale.shape), labels, np.arange(1, count + 1))
    return int(((areas >= MOON_AREA[0]) & (areas <= MOON_AREA[1])).sum())


def psnr_in_discs(pictures, rebuilt, discs, kind, smallest, largest):
    """PSNR in dB inside all discs (what, x, y, radius) of a kind with such radii; None without any.

    `pictures` and `rebuilt` are uint8 (n, 128, 128, 3), `discs` a list for each picture.
    """
    y, x = np.mgrid[0 : pictures.shape[1], 0 : pictures.shape[2]] + 0.5
    errors = np.square(pictures.astype(np.float32) - rebuilt).mean(-1)
    inside = [
        error[np.hypot(x - cx, y - cy) < radius]
        for error, found in zip(errors, discs)
        for what, cx, cy, radius in found
        if what == kind and smallest <= radius < largest
    ]
    return float(10 * np.log10(255**2 / max(np.concatenate(inside).mean(), 1e-3))) if inside else None


def spectrum(pictures):
    """Mean power of the brightness at 0 to 63 cycles a picture, (64,); pictures uint8 (n, 128, 128, 3)."""
    grey = pictures.astype(np.float32).mean(-1) / 255
    window = np.hanning(grey.shape[1])
    power = np.abs(np.fft.fftshift(np.fft.fft2(grey * np.outer(window, window)), axes=(1, 2))) ** 2
    side = grey.shape[1]
    y, x = np.mgrid[0:side, 0:side] - side // 2
    ring = np.hypot(x, y).round().astype(int)
    return ndimage.mean(power.mean(0), ring, np.arange(side // 2))


def sketched_giants(count):
    """Scenes of gas giants alone, in pencil, and their captions."""
    scene = {
        "view": "space",
        "style": "sketch",
        "kind": "gas giant",
        "rings": "no rings",
        "moons": "no moons",
    }
    return [scene | {"size": ("small", "medium", "giant")[i % 3]} for i in range(count)]


def red_giants(count):
    """Scenes of red gas giants in deep space with no to three moons, and their captions."""
    scene = {
        "view": "space",
        "style": "plain",
        "kind": "gas giant",
        "colour": "red",
        "rings": "no rings",
        "background": "deep space",
    }
    moons, sizes = planets.ATTRIBUTES["moons"], ("small", "medium", "giant")
    return [scene | {"moons": moons[i % 4], "size": sizes[i // 4 % 3]} for i in range(count)]


def asked(scenes):
    """(rows, captions, seeds) for the workers' tasks."""
    rng = np.random.default_rng(seeds.EYES.start)
    rows = np.stack([planets.encode(scene) for scene in scenes])
    captions = [planets.caption(scene, rng, "full") for scene in scenes]
    return rows, captions, list(seeds.EYES[: len(scenes)])


def outlines(pictures):
    """{median, p90, missing} of the roundness of sketched planets."""
    found = [roundness(picture) for picture in pictures]
    seen = [value for value in found if value is not None]
    return {
        "median": float(np.median(seen)),
        "p90": float(np.percentile(seen, 90)),
        "missing": found.count(None),
    }


def measure(workers, guidance, count=96, rebuilt_count=600):
    """What a viewer sees in generated pictures, in renders and in what the autoencoder makes of them."""
    rows, captions, noise = asked(sketched_giants(count))
    true = workers.run("sketches, renders", render, rows, noise)
    results = {
        "outline": {
            "renders": outlines(true.pictures),
            "reconstructions": outlines(workers.run("sketches, rebuilt", rebuild, true.pictures).pictures),
            "generated": outlines(
                workers.run("sketches", paint, captions, noise, fixed=(guidance,)).pictures
            ),
        }
    }
    scenes = red_giants(count)
    rows, captions, noise = asked(scenes)
    wanted = np.array([planets.ATTRIBUTES["moons"].index(scene["moons"]) for scene in scenes])
    results["moons"] = {"n": count}
    for name, pictures in (
        ("renders", workers.run("moons, renders", render, rows, noise).pictures),
        ("generated", workers.run("moons", paint, captions, noise, fixed=(guidance,)).pictures),
    ):
        counted = np.array([count_moons(picture) for picture in pictures])
        results["moons"][name] = float((counted == wanted).mean())
        results["moons"][f"{name}, each"] = [float((counted == wanted)[wanted == n].mean()) for n in range(4)]

    drawn = []
    for seed in seeds.EYES_DISCS[:rebuilt_count]:
        rng = np.random.default_rng(seed)
        drawn.append(planets.paint(planets.sample_scene(rng), rng))
    pictures, discs = np.stack([picture for picture, _ in drawn]), [found for _, found in drawn]
    rebuilt = workers.run("discs", rebuild, pictures).pictures
    results["psnr_in_discs"] = {
        name: psnr_in_discs(pictures, rebuilt, discs, *kind) for name, kind in SIZES.items()
    }
    return results
