"""Arguments with which each function of helpers that readers call works; tests replace one at a time.

`RIGHT` is {function: what gives its arguments}; that takes a folder, which `fill` has filled.
"""

from functools import cache

import numpy as np
import torch
from diffusers import DDIMScheduler
from PIL import Image
from tiny import save_tiny, tiny_parts

from helpers import attention, denoising, image_to_image, judge, models, seeding
from helpers.lesson import examples, measured, metrics, one_pixel, own_pictures, scores, spaces, trainings
from helpers.machine import choice
from helpers.proteins import backbones, ribbons
from helpers.proteins import files as protein_files
from helpers.proteins import model as protein_model
from helpers.show import charting, diagrams, ideas, latents, marks, motion, page, paper, pictures, sliders
from helpers.sound import files as sound_files
from helpers.sound import hearing, player
from helpers.sound import model as sound_model
from helpers.video import files as video_files
from helpers.video import model as video_model
from helpers.video import player as video_player
from helpers.video import ruler
from worlds.sounds import RATE, SAMPLES

ALT = "What is to be seen."
NOWHERE = "no-such-folder"  # in place of what takes long to load
LATENT, EMBEDDINGS = torch.zeros(1, 4, 8, 8), torch.zeros(2, 77, 48)
GRAMS, WAVE = torch.zeros(1, 1, 64, 32), np.sin(np.arange(SAMPLES) / 3)
CHAIN = np.full((66, 3), [-60.0, -45.0, 180.0], np.float32)  # one helix
ANGLES = np.stack([CHAIN[:64]] * 2)
PICTURE = Image.new("RGB", (64, 64), (180, 90, 40))
LOOK, STEPS = {"view": "space", "kind": "rocky"}, dict(num_inference_steps=1, guidance_scale=3.0)
LINE, WORDS = {"line": ([0, 1], [0, 1], "red")}, dict(xlabel="x", ylabel="y", title="title")
TITLED = dict(pictures=[PICTURE], titles=["one"], columns=2)
ROWS = dict(rows=[[PICTURE] * 2], titles=["one"], captions=["1", "2"])


@cache
def parts():
    components = models.Components(**tiny_parts("like sd"))
    return components._replace(scheduler=DDIMScheduler.from_config(components.scheduler.config))


@cache
def sounds():
    return sound_model.load_sounds()


@cache
def videos():
    return video_model.load_video_model()


@cache
def drawn():
    figure, axes = charting.chart("x", "y", "title")
    axes.plot([0, 1], [0, 1], label="line")
    return figure, axes


def recorder():
    layer = attention.RecordingProcessor()
    layer.weights = torch.full((1, 2, 16, 77), 1 / 77)
    return layer


def loaded(here):
    model = save_tiny("like sd", here / "tiny")
    return dict(model=model, device="cpu", dtype=torch.float32, safety_checker=True)


def painting():
    paint = dict(components=parts(), prompts="mars", seeds=0, negative_prompts="red", callback=None)
    return paint | STEPS


RIGHT = {
    models.settings: lambda here: dict(model=models.POCKET),
    models.load_components: lambda here: loaded(here),
    models.load_pipeline: lambda here: loaded(here) | dict(progress=False),
    models.load_clip: lambda here: dict(model=models.POCKET),
    models.pixels_per_latent: lambda here: dict(vae=parts().vae),
    models.latent_shape: lambda here: dict(components=parts(), height=64, width=64),
    models.picture_size: lambda here: dict(components=parts()),
    choice.model_folder: lambda here: dict(model=models.POCKET, safety_checker=True),
    choice.chosen: lambda here: dict(model=models.POCKET),
    seeding.generator: lambda here: dict(seed=3),
    seeding.initial_noise: lambda here: dict(
        shape=(4, 8, 8), generators=[seeding.generator(0)], device="cpu", dtype=torch.float32
    ),
    denoising.encode_prompts: lambda here: dict(
        components=parts(), prompts=["mars"], negative_prompts=["red"]
    ),
    denoising.guided_noise: lambda here: dict(
        unet=parts().unet, model_input=LATENT, t=500, text_embeddings=EMBEDDINGS, guidance_scale=3.0
    ),
    denoising.denoise: lambda here: dict(
        components=parts(),
        text_embeddings=EMBEDDINGS,
        latents=LATENT,
        **STEPS,
        scheduler=None,
        callback=None,
        generators=None,
        start=0,
        after_step=None,
    ),
    denoising.alpha_cumprod_at: lambda here: dict(t=500, alphas_cumprod=parts().scheduler.alphas_cumprod),
    denoising.predicted_x0: lambda here: dict(
        noise_pred=LATENT,
        t=500,
        latents=LATENT,
        alphas_cumprod=parts().scheduler.alphas_cumprod,
        prediction_type="epsilon",
    ),
    denoising.to_pixels: lambda here: dict(pictures=[PICTURE], device="cpu"),
    denoising.to_uint8: lambda here: dict(pixels=torch.zeros(1, 3, 8, 8)),
    denoising.encode_picture: lambda here: dict(vae=parts().vae, pictures=[PICTURE], generators=None),
    denoising.decode: lambda here: dict(vae=parts().vae, latents=LATENT),
    denoising.generate: lambda here: painting() | dict(height=64, width=64, scheduler=None),
    image_to_image.steps_to_run: lambda here: dict(num_inference_steps=10, strength=0.5),
    image_to_image.image_to_image: lambda here: painting() | dict(pictures=PICTURE, strength=1.0),
    attention.recorded_attention: lambda here: dict(unet=parts().unet),
    attention.token_maps: lambda here: dict(recorders={"layer": recorder()}, height=8, width=8),
    attention.level_size: lambda here: dict(places=16, height=8, width=8),
    attention.word_places: lambda here: dict(tokenizer=parts().tokenizer, prompt="on mars", words="mars"),
    attention.lit: lambda here: dict(picture=PICTURE, weights=torch.ones(4, 4), brightest=1.0),
    judge.load_judge: lambda here: dict(model=models.POCKET, device="cpu"),
    judge.adherence: lambda here: dict(seen=[LOOK], scenes=[LOOK]),
    judge.marks: lambda here: dict(look=LOOK, scene=LOOK),
    judge.load_pocket_judge: lambda here: dict(folder=judge.FOLDER, device="cpu"),
    judge.classify: lambda here: dict(
        judge=judge.load_pocket_judge(), pictures=np.zeros((1, 128, 128, 3), np.uint8), batch=64
    ),
    pictures.open_picture: lambda here: dict(path_or_picture=PICTURE, size=64, background="white"),
    pictures.load_trappist: lambda here: dict(size=64, online=False),
    charting.chart: lambda here: WORDS | dict(width=336, height=240),
    charting.panels: lambda here: dict(count=2, title="title", columns=2, height=240, width=336),
    charting.show_chart: lambda here: dict(figure=drawn()[0], alt=ALT),
    charting.chart_picture: lambda here: dict(figure=drawn()[0]),
    charting.label_lines: lambda here: dict(axes=drawn()[1], at={"line": 0.5}, gap=8),
    charting.interval: lambda here: dict(
        axes=drawn()[1], at=[0, 1], low=[0, 0], high=[1, 1], colour="red", across=False
    ),
    charting.curves: lambda here: WORDS | dict(lines=LINE, alt=ALT),
    charting.dumbbells: lambda here: dict(
        rows={"a": ((1, 0, 2), (2, 1, 3))},
        names=("old", "new"),
        colours=("red", "blue"),
        xlabel="x",
        title="title",
        alt=ALT,
    ),
    charting.small_multiples: lambda here: WORDS | dict(lines=LINE, alt=ALT, columns=2),
    diagrams.show_diagram: lambda here: dict(name="loop", alt=ALT),
    ideas.draw_fields: lambda here: dict(
        moments={"t": (lambda points: -points, np.zeros((3, 2)), np.zeros((4, 3, 2)))},
        title="title",
        limit=3.0,
        cells=3,
    ),
    ideas.draw_lever: lambda here: dict(
        uncond=(1, 0), cond=(1, 1), guidance_scale=3.0, title="title", width=680, limits=(-1, 3, -1, 4)
    ),
    ideas.draw_hill: lambda here: dict(
        noise_levels=np.linspace(0, 1, 10), entries={"half": [5, 3, 1]}, title="title"
    ),
    latents.latent_pictures: lambda here: dict(latents=LATENT[0]),
    latents.colour_map: lambda here: dict(latents=LATENT, pictures=[PICTURE]),
    latents.latent_colours: lambda here: dict(latents=LATENT[0], weights=torch.zeros(5, 3)),
    marks.loupe: lambda here: dict(picture=PICTURE, box=(0, 0, 8, 8), side=64),
    marks.worst_spot: lambda here: dict(picture=PICTURE, copy=PICTURE, side=8),
    marks.heat: lambda here: dict(picture=PICTURE, values=np.ones((4, 4)), largest=1.0),
    marks.show_chips: lambda here: dict(words=["on", "mars"], values=[0.1, 0.2], alt=ALT, largest=1.0),
    motion.film: lambda here: ROWS | dict(frames_per_second=8, hold=1.5),
    motion.film_pages: lambda here: ROWS,
    motion.show_film: lambda here: dict(data=motion.film(**ROWS), alt=ALT),
    page.show: lambda here: dict(picture=PICTURE, alt=ALT),
    page.show_grid: lambda here: TITLED | dict(alt=ALT),
    page.film_strip: lambda here: dict(
        rows=[[PICTURE] * 2], row_labels=["row"], column_labels=["1", "2"], alt=ALT
    ),
    paper.grid: lambda here: TITLED,
    sliders.slide: lambda here: dict(
        pictures=[PICTURE], labels=["one"], description="place", alt=ALT, width=64
    ),
    examples.load_renders: lambda here: dict(size=8),
    examples.find_render: lambda here: dict(side=8, place="mars"),
    examples.load_prompts: lambda here: dict(count=3),
    measured.load_measured: lambda here: dict(name="clip"),
    metrics.wilson: lambda here: dict(successes=3, n=20),
    one_pixel.one_pixel_pictures: lambda here: dict(count=3, seed=0),
    one_pixel.average_noise: lambda here: dict(x=torch.zeros(3), alpha_bar=0.5),
    own_pictures.read_folder: lambda here: dict(folder=here, size=64),
    scores.prompts: lambda here: dict(count=3, held_out=False, among=scores.SEEN),
    trainings.mixed_precision: lambda here: dict(device="cpu"),
    trainings.progress: lambda here: dict(count=2, live=None),
    backbones.build: lambda here: dict(angles=ANGLES),
    backbones.torsions: lambda here: dict(atoms=backbones.build(ANGLES)[0].reshape(-1, 3)),
    backbones.regions: lambda here: dict(angles=ANGLES),
    backbones.structure: lambda here: dict(angles=ANGLES),
    backbones.helix_lengths: lambda here: dict(angles=ANGLES),
    backbones.clashes: lambda here: dict(angles=ANGLES),
    backbones.size: lambda here: dict(angles=ANGLES),
    backbones.angle_between: lambda here: dict(a=ANGLES, b=ANGLES),
    backbones.ramachandran: lambda here: dict(angles=ANGLES, bins=36),
    backbones.distance: lambda here: dict(angles=ANGLES, others=ANGLES),
    backbones.nearest: lambda here: dict(angles=ANGLES, known=ANGLES),
    backbones.shuffled: lambda here: dict(chains=ANGLES, seed=0),
    protein_files.read_backbones: lambda here: dict(folder=here),
    protein_files.write_backbone: lambda here: dict(angles=ANGLES[0], file=here / "new.pdb"),
    protein_model.load_chains: lambda here: dict(part="held out"),
    protein_model.windows: lambda here: dict(chains={"a": ANGLES[0]}, stride=64),
    protein_model.describe: lambda here: dict(angles=ANGLES),
    protein_model.to_latents: lambda here: dict(angles=ANGLES),
    protein_model.to_angles: lambda here: dict(latents=torch.ones(1, 6, 64)),
    protein_model.encode_words: lambda here: dict(words=["helices", ""]),
    ribbons.draw_ribbons: lambda here: dict(angles=ANGLES, names=["a", "b"], title="title", columns=2),
    ribbons.picture: lambda here: dict(chain=ANGLES[0]),
    ribbons.draw_ramachandran: lambda here: dict(sets={"a": (ANGLES, "red")}, title="title"),
    video_files.read_video: lambda here: dict(path=here / "video.gif", frames=2, side=16),
    video_files.encode_video: lambda here: dict(components=videos(), video=[PICTURE.resize((128, 128))] * 2),
    video_model.load_video_model: lambda here: dict(folder=NOWHERE),
    video_model.without_time: lambda here: dict(components=videos()),
    video_model.generate_videos: lambda here: (
        dict(components=videos(), prompts="mars", seeds=0, frames=2) | STEPS
    ),
    video_player.show_videos: lambda here: dict(
        videos=[[PICTURE] * 2], titles=["one"], alt=ALT, columns=4, frames_per_second=6
    ),
    ruler.change: lambda here: dict(video=[PICTURE] * 2),
    ruler.likeness: lambda here: dict(video=[PICTURE] * 2),
    ruler.turn: lambda here: dict(video=[PICTURE] * 2),
    ruler.top: lambda here: dict(found=np.zeros(len(ruler.SHIFTS))),
    sound_files.read_sounds: lambda here: dict(folder=here),
    hearing.pitch_track: lambda here: dict(wave=WAVE),
    hearing.hear: lambda here: dict(wave=WAVE),
    sound_model.to_spectrogram: lambda here: dict(waves=WAVE[None]),
    sound_model.fold: lambda here: dict(spectrograms=GRAMS),
    sound_model.unfold: lambda here: dict(folded=torch.zeros(1, 4, 32, 16)),
    sound_model.to_waves: lambda here: dict(spectrograms=GRAMS, rounds=1, seed=0),
    sound_model.load_sounds: lambda here: dict(folder=NOWHERE),
    sound_model.make_sounds: lambda here: dict(components=sounds(), prompts="a bell on C5", seeds=0) | STEPS,
    player.play: lambda here: dict(waveform=WAVE, rate=RATE, alt=ALT),
    player.to_wav: lambda here: dict(waveform=WAVE, rate=RATE),
    player.picture: lambda here: dict(spectrogram=GRAMS[0]),
    player.show_spectrograms: lambda here: dict(
        spectrograms=GRAMS, titles=["one"], alt=ALT, title="title", columns=1, marked=[[440]]
    ),
    spaces.load_space: lambda here: dict(space="latents", folder=NOWHERE),
    protein_model.load_protein_net: lambda here: dict(device="cpu"),
}


def fill(folder):
    """Put into a folder what those functions read: pictures, a video, a sound, a protein."""
    for i, colour in enumerate(("red", "green", "blue")):
        Image.new("RGB", (64, 64), colour).save(folder / f"a-{colour}-planet-{i}.png")
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green", "blue")]
    frames[0].save(folder / "video.gif", save_all=True, append_images=frames[1:])
    (folder / "tone.wav").write_bytes(player.to_wav(WAVE, RATE))
    protein_files.write_backbone(CHAIN, folder / "helix.pdb")
