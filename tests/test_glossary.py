"""The glossary: in order, its links lead somewhere, and each notebook that it names uses the term."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^## (.+)\n(.+)$", TEXT, re.MULTILINE))
WORDS = {  # how a notebook may say it where that is not the heading
    "Alpha bar": r"alphas_cumprod|\\bar", "Beta": r"β|\\beta", "Epsilon": r"ε|\\epsilon", "Sigma": r"σ|sigma",
    "Classifier-free guidance": "guidance",
    "Fréchet distance": "Fréchet", "Function evaluation": r"\bcalls?\b|function evaluation",
    "Exponential moving average": "moving average", "Pocket model": "pocket", "Predicted x0": "predicted|x_0",
    "KL divergence": r"\bKL\b|divergence", "Conditional prediction": "prediction|predict",
    "Unconditional prediction": "unconditional|empty prompt", "Sampling": "sampl", "Karras sigmas": "Karras",
    "Reverse process": "reverse|way back", "Forward process": "forward|add noise",
    "Safety checker": "safety.?checker", "Autoencoder": "VAE|autoencoder",
}  # fmt: skip


def anchor(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def words_of(notebook):
    cells = json.loads((ROOT / "notebooks" / notebook).read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def test_terms_stand_in_alphabetical_order():
    assert list(ENTRIES) == sorted(ENTRIES, key=str.lower) and len(ENTRIES) > 60


def test_links_within_the_glossary_lead_to_a_term():
    assert set(re.findall(r"\(#([^)]+)\)", TEXT)) <= {anchor(term) for term in ENTRIES}


@pytest.mark.parametrize("term", ENTRIES)
def test_the_notebooks_that_teach_a_term_use_it(term):
    notebooks = re.findall(r"\(\.\./notebooks/([^)]+)\)", ENTRIES[term])
    assert notebooks
    for notebook in notebooks:
        assert re.search(WORDS.get(term, re.escape(term)), words_of(notebook), re.IGNORECASE), notebook
