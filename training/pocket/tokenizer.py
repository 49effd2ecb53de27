"""Stage "tokenizer": byte-pair encoding in CLIP's own format, trained on captions of the world.

Sennrich et al. 2016 (1508.07909), on bytes as in Radford et al. 2021 (2103.00020), section 2.4: 256 bytes,
the same 256 as a word's end ("</w>"), merges, start and end. Every text tokenises, unknown words in pieces.
"""

import json

import numpy as np
from tokenizers import Tokenizer, models, trainers
from transformers import CLIPTokenizer

import training
from helpers.errors import ModelError
from worlds import planets as world

END_OF_WORD = "</w>"
FOLDER = "pocket-planets/tokenizer"


def byte_alphabet():
    """The 256 printable characters that stand for the bytes, in CLIP's order: printable Latin-1 first."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]


def train(texts, vocab_size=1500):
    """A CLIPTokenizer with merges learned from the texts; at most vocab_size tokens."""
    empty = CLIPTokenizer().backend_tokenizer  # CLIP's way of cleaning a text and splitting it into words
    learner = Tokenizer(models.BPE(end_of_word_suffix=END_OF_WORD))
    learner.normalizer, learner.pre_tokenizer = empty.normalizer, empty.pre_tokenizer
    alphabet = byte_alphabet()
    learner.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size,
            initial_alphabet=alphabet,
            end_of_word_suffix=END_OF_WORD,
            show_progress=False,
        ),
    )
    merges = [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]
    merges = merges[: vocab_size - 2 * len(alphabet) - 2]
    tokens = [*alphabet, *(byte + END_OF_WORD for byte in alphabet), *dict.fromkeys(a + b for a, b in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77)


def save(tokenizer, folder):
    """Writes tokenizer.json, and vocab.json and merges.txt, which other programs and older versions read."""
    tokenizer.save_pretrained(folder)
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in model["merges"])]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def load():
    folder = training.MODELS / FOLDER
    if not (folder / "tokenizer.json").exists():
        raise ModelError("There is no tokenizer yet: run `python -m training tokenizer` first.")
    return CLIPTokenizer.from_pretrained(folder)


def main(count=200_000):
    rng = np.random.default_rng(0)
    tokenizer = train(world.caption(world.sample_scene(rng), rng) for _ in range(count))
    save(tokenizer, training.MODELS / FOLDER)
    pieces = tokenizer.tokenize("an astronaut on mars, and a café")
    print(f"tokenizer: {len(tokenizer)} tokens, saved in models/{FOLDER}; for example {' '.join(pieces)}")
