"""Videos in files: a GIF, or a folder of frames, as the pictures that the model takes."""

import warnings

import numpy as np
import torch
from PIL import Image, ImageOps, ImageSequence

from helpers.denoising import encode_picture
from helpers.errors import MOST_PIXELS, InputError, check_path, check_pictures, check_whole, quoted
from helpers.models import picture_size
from helpers.video.model import MOST_FRAMES

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


def read_video(path, frames=8, side=128):
    """A moving picture as a list of RGB PIL pictures, `side` x `side` pixels: their middle squares.

    `path` is a file with several frames (GIF, WebP, APNG, TIFF) or a folder of pictures, which are taken
    in the order of their names. Of more than `frames` frames, those are kept that lie evenly. Raises
    InputError where there are fewer, or where something can't be read.
    """
    path = check_path(path, "A video")
    frames = check_whole(frames, "The number of frames", most=MOST_FRAMES)
    side = check_whole(side, "The side", most=MOST_PIXELS)
    if path.is_dir():
        files = sorted(file for file in path.glob("*") if file.suffix.lower() in PICTURES)
        found = [picture for file in files for picture in _pictures(file)[:1]]
    else:
        found = _pictures(path)
    if len(found) < frames:
        raise InputError(
            f"{quoted(path.name)} has {len(found)} frames, and {frames} are needed: ask for fewer."
        )
    chosen = np.linspace(0, len(found) - 1, frames).round().astype(int)
    return [ImageOps.fit(found[i].convert("RGB"), (side, side), Image.LANCZOS) for i in chosen]


def encode_video(components, video):
    """The latents (1, C, F, h, w) of one video, a list of PIL pictures.

    Without oneDNN: with torch 2.13 on a CPU, a backward pass through the video U-Net that comes after oneDNN
    has run the VAE's encoder breaks off with a segmentation fault.
    """
    width, height = picture_size(components)
    video = check_pictures(video)
    if any(picture.size != (width, height) for picture in video):
        raise InputError(f"Frames of {width} × {height} pixels are needed: `read_video` makes them.")
    with warnings.catch_warnings():  # torch remarks on its own switch
        warnings.filterwarnings("ignore", "TF32 acceleration")
        with torch.backends.mkldnn.flags(enabled=False):
            latents = encode_picture(components.vae, video)
    return latents[None].transpose(1, 2).contiguous()


def _pictures(file):
    try:
        with Image.open(file) as opened:
            return [frame.copy() for frame in ImageSequence.Iterator(opened)]
    except FileNotFoundError as error:
        raise InputError(f"There is no {quoted(file.name)} here: check the path.") from error
    except Exception as error:  # of a broken file: each format has its own
        cure = "save the video as a GIF, or as a folder of PNG files"
        raise InputError(f"{quoted(file.name)} is no readable picture: {cure}.") from error
