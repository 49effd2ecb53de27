"""Stage "data": the training pictures, drawn once by worlds/planets.py and kept in two arrays on disk.

Picture i is drawn from seed i, so any machine with any number of processes draws the same set, a run that was
interrupted goes on where it stopped, and asking for more pictures later only draws the missing ones.
"""

import math
import multiprocessing
from functools import partial

import numpy as np
from tqdm.auto import tqdm

import training
from helpers.denoising import to_pixels as to_pixels  # for all stages
from helpers.denoising import to_uint8 as to_uint8
from helpers.errors import ModelError
from helpers.machine.disk import check_room, write_whole
from worlds import planets as world
from worlds import seeds

MISSING = -128  # fills the attributes of a picture that is not drawn yet


def draw(seed, held_out=False):
    """Returns the picture (uint8, 128 x 128 x 3) and the attributes (int8, one number each) of one seed."""
    rng = np.random.default_rng(seed)
    scene = world.sample_scene(rng, held_out=held_out)
    return world.render(scene, rng), world.encode(scene)


def fresh(count, held_out=False):
    """Pictures and attributes never trained on; with held_out, only combinations never trained on."""
    pictures, attributes = zip(*(draw(seed, held_out) for seed in seeds.UNSEEN[:count]), strict=True)
    return np.stack(pictures), np.stack(attributes)


def drawn():
    """Whether there are training pictures."""
    return (training.CACHE / "pictures.npy").exists() and (training.CACHE / "attributes.npy").exists()


def load():
    """The pictures drawn so far: (N, 128, 128, 3) uint8, read as needed, and (N, attributes) int8."""
    if not drawn():
        raise ModelError("There are no training pictures yet: run `python -m training data` first.")
    attributes = np.load(training.CACHE / "attributes.npy")
    pictures = np.load(training.CACHE / "pictures.npy", mmap_mode="r")
    missing = np.flatnonzero(attributes[:, 0] == MISSING)
    count = missing[0] if len(missing) else len(attributes)
    for row in {0, count // 2, max(0, count - 1)} if count else ():
        if not np.array_equal(draw(seeds.TRAINING[row])[0], pictures[row]):
            raise ModelError(
                "The training pictures are another painter's: run `python -m training data --fresh`."
            )
    return pictures[:count], attributes[:count]


def captions(attributes, rng, detail="any"):
    """One new caption for each row of attributes."""
    return [world.caption(world.decode(row), rng, detail) for row in attributes]


def growing_array(path, shape, dtype, fill):
    """Opens a .npy file of at least this many rows for writing: those that it has already, then `fill`.

    A file that has too few is copied into a longer one, which then takes its place.
    """
    rows = len(np.load(path, mmap_mode="r")) if path.exists() else 0

    def write(new):
        array = np.lib.format.open_memmap(new, mode="w+", shape=shape, dtype=dtype)  # of zeros
        if rows:
            array[:rows] = np.load(path, mmap_mode="r")
        if fill:
            array[rows:] = fill

    if rows < shape[0]:
        # The file begins as a hole, which a full disk would punish in the middle with a bus error.
        missing = (shape[0] - rows) * math.prod(shape[1:]) * np.dtype(dtype).itemsize
        check_room(path.parent, missing, f"The file {path.name}")
        write_whole(path, write)
    return np.lib.format.open_memmap(path, mode="r+")


def fill_rows(folder, rows):
    """Draws these rows of the folder's arrays; a row's attributes come last, as its mark of being done."""
    pictures = np.lib.format.open_memmap(folder / "pictures.npy", mode="r+")
    attributes = np.lib.format.open_memmap(folder / "attributes.npy", mode="r+")
    for row in rows:
        pictures[row], attributes[row] = draw(seeds.TRAINING[row])
    return len(rows)


def main(count=60_000, processes=1, fresh=False):
    """Draws what is missing of `count` pictures; all of them, and their latents later, if `fresh`."""
    training.CACHE.mkdir(parents=True, exist_ok=True)
    if fresh:
        for name in ("pictures.npy", "attributes.npy", "latents.npy", "latents.sha256"):
            (training.CACHE / name).unlink(missing_ok=True)
    growing_array(training.CACHE / "pictures.npy", (count, world.SIZE, world.SIZE, 3), np.uint8, fill=0)
    attributes = growing_array(
        training.CACHE / "attributes.npy", (count, len(world.ATTRIBUTES)), np.int8, fill=MISSING
    )
    missing = np.flatnonzero(attributes[:count, 0] == MISSING)
    chunks = np.split(missing, range(50, len(missing), 50)) if len(missing) else []
    work = partial(fill_rows, training.CACHE)
    with tqdm(total=count, initial=count - len(missing), desc="data", unit="picture") as bar:
        if processes == 1:
            for chunk in chunks:
                bar.update(work(chunk))
        else:
            with multiprocessing.Pool(processes) as pool:
                for done in pool.imap(work, chunks):
                    bar.update(done)
