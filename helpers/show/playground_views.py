"""What the playground shows, as HTML: pictures with alt texts, progress, a sentence, a recipe."""

import base64
import html
import io

NOTE = "A live playground: run the notebook to type a prompt and watch its picture grow."
WIDTH, CARD = 384, 192  # pixels of the large picture, and of one in the history

# In JupyterLab the arrows and single letters are commands about cells, unless the element that has the focus
# wants its keys for itself. Text fields are known there, ipywidgets' lists and buttons are not.
KEEP_KEYS = """
const listen = tries => {
  const root = this.closest('.playground');
  if (root) root.addEventListener('focusin', event => {
    if (event.target.matches('select, button')) event.target.dataset.lmSuppressShortcuts = 'true';
  });
  else if (tries) setTimeout(listen, 100, tries - 1);
};
listen(50);
"""
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
# Without a secure connection there is no clipboard: then the text is selected and copied as if by hand.
COPY = """
const card = this.closest('.playground-card'), code = card.querySelector('pre');
const copied = 'Copied recipe ' + card.dataset.number;
const say = words => { this.textContent = words; };
const select = () => {
  getSelection().selectAllChildren(code);
  say(document.execCommand('copy') ? copied : 'Press Ctrl+C');
};
card.querySelector('details').open = true;
if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(() => say(copied), select);
else select();
"""
# The colours are JupyterLab's own where there is JupyterLab, so that both themes are legible.
BEGINNING = f"""<style>
.playground :is(button, input, select, summary):focus-visible {{
  outline: 3px solid #b3541e !important; outline-offset: 2px }}
.playground .widget-vbox {{ padding: 4px }}
.playground .widget-html-content {{ line-height: 1.4 }}
.playground progress {{ width: 100%; height: 1em }}
.playground figure, .playground p {{ margin: 0 0 4px; overflow-wrap: anywhere }}
.playground-card figure {{ width: {CARD}px }}
.playground [role=alert] {{ border-left: 4px solid #b3541e; padding-left: 8px }}
.playground pre {{ overflow-x: auto; line-height: 1.3 }}
</style><img src="{PIXEL}" alt="" width="1" height="1" onload="{html.escape(KEEP_KEYS)}">"""


def image(picture, alt, width=WIDTH, kind="PNG"):
    """An <img> of a PIL picture; PNG keeps every bit, WEBP is small."""
    packed = io.BytesIO()
    picture.save(packed, kind)
    source = base64.b64encode(packed.getvalue()).decode()
    return (
        f'<img alt="{html.escape(alt)}" src="data:image/{kind.lower()};base64,{source}" width="{width}" '
        f'height="{width * picture.height // picture.width}" style="max-width: 100%; height: auto">'
    )


def figure(picture, alt, caption, kind="PNG"):
    """The large picture above its caption."""
    return f"<figure>{image(picture, alt, kind=kind)}<figcaption>{html.escape(caption)}</figcaption></figure>"


def progress(done, total):
    """A progress bar with its name."""
    return f'<progress aria-label="Progress" value="{done}" max="{total}"></progress>'


def sentence(text, is_error=False):
    """A sentence that a screen reader says by itself."""
    return f'<p role="{"alert" if is_error else "status"}">{html.escape(text)}</p>'


def card(number, picture, alt, words, code):
    """A picture of the history, with a button that copies its recipe, and the recipe."""
    shown, own_keys = image(picture, alt, CARD, "WEBP"), 'data-lm-suppress-shortcuts="true"'
    return (
        f'<div class="playground-card" data-number="{number}">'
        f"<figure>{shown}<figcaption>{number} · {html.escape(words)}</figcaption></figure>"
        f'<button class="jupyter-widgets jupyter-button" style="width: auto" {own_keys} '
        f'onclick="{html.escape(COPY)}">Copy recipe {number}</button>'
        f'<details><summary {own_keys} aria-label="Recipe {number}">Recipe</summary>'
        f'<pre tabindex="0" role="region" aria-label="Recipe {number} as Python">{html.escape(code)}</pre>'
        "</details></div>"
    )
