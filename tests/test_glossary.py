"""The glossary: in order, its links lead somewhere, each notebook that it names uses the term, and what the
notebooks emphasise is in it, or is one of the reviewed words in plain_emphasis.txt.
"""

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
    "Ancestral sampler": "ancestral", "Attention head": "heads", "Causal attention": "causal",
    "Concept negation": r"concept\s+negation", "Distillation": "distilled", "Held-out": "held[- ]out",
    "Factorised attention": "factorised", "Memorising": "memorise", "Pooled embedding": "pooled",
    "Perceptual compression": r"compression\s+\*perceptual", "Perceptual loss": r"perceptual\*\s+loss",
    "Skip connection": r"\*skips", "Timestep spacing": "timestep_spacing|trailing",
}  # fmt: skip
PLAIN = (Path(__file__).parent / "plain_emphasis.txt").read_text(encoding="utf-8").splitlines()
LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
NO_PROSE = re.compile(
    r"```.*?```|\$\$.*?\$\$|\$[^$]*\$|`[^`]*`"
    r"|^## You will.*?(?=^## )|^## References.*?(?=^\*\*|\Z)|^\*\*References.*?(?=\n\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
EMPHASIS = re.compile(r"(?<![*\w])(\*{1,2})(?![\s*])((?:(?!\n\n)[^*])+)(?<!\s)\1(?![*\w])")


def emphasised(markdown):
    """The terms that a text emphasises: of one to four words, no label, no menu, no symbol."""
    found = (" ".join(term.split()) for _, term in EMPHASIS.findall(NO_PROSE.sub(" ", markdown)))
    return {
        term
        for term in found
        if re.search(r"[^\W\d_]{3}", term) and len(term.split()) <= 4 and not re.search(r"[.:…→]$|→", term)
    }


def plain(term):
    """A term as it is looked up: small letters, no plural, no possessive, no hyphens."""
    return re.sub(r"('s|s)$", "", term.lower()).replace("-", " ")


def anchor(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


EXPLAINED = {plain(term) for term in [*ENTRIES, *emphasised(TEXT)]}


def words_of(notebook, *kinds):
    """The source of all cells of a notebook, or of those of these `kinds`."""
    cells = json.loads((ROOT / "notebooks" / notebook).read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if not kinds or cell["cell_type"] in kinds)


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


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_a_notebook_emphasises_is_in_the_glossary_or_plain_emphasis(lesson):
    known = EXPLAINED | {plain(term) for term in PLAIN}
    assert not [term for term in emphasised(words_of(lesson, "markdown")) if plain(term) not in known]


def test_the_list_of_plain_emphasis_is_in_order_and_nothing_in_it_is_idle():
    terms = {plain(term) for lesson in LESSONS for term in emphasised(words_of(lesson, "markdown"))}
    assert PLAIN == sorted(set(PLAIN), key=str.lower)
    assert not [term for term in PLAIN if plain(term) not in terms or plain(term) in EXPLAINED]


def test_the_rule_sees_terms_and_no_labels():
    text = "## You will\n\n- **see**\n\n## 1\n\n**Predict first.** A *hook*, a **skip\nconnection**, *t*"
    assert emphasised(text + ", `f(*some*)`, $a*hat*c$.\n\n**References.** *A Title*") == {
        "hook",
        "skip connection",
    }
