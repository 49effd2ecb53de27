"""In a real browser: the playground by mouse and by keyboard alone, in both themes, and after a reload.

Screenshots stay in out/browser. playground.webp among them, copied to images/, is the still picture that
stands in a notebook for the playground.
"""

import base64
import io
from importlib.metadata import version
from pathlib import Path

import nbformat
from packaging.version import Version
from PIL import Image

from tests.browser import SHOTS, error_texts, jupyterlab_page, prompts, run_all, save, wait_until_idle

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "playground.ipynb"
SECONDS = 120_000  # milliseconds, for two slow cores
# The first versions in which a widget's message does not wait until the running cell ends.
SUBSHELLS = {"ipykernel": "7", "jupyterlab": "4.4"}
PAINTS_MEANWHILE = all(Version(version(name)) >= Version(first) for name, first in SUBSHELLS.items())
# A cell that runs until a file is there.
BUSY = "import time\nfrom pathlib import Path\n\nwhile not Path('go').exists():\n    time.sleep(0.1)"


def field(page, name):
    """The playground's field of this accessible name."""
    roles = ("textbox", "spinbutton", "combobox")
    found = [page.get_by_role(role, name=name, exact=True) for role in roles]
    return next(each for each in found if each.count())


def says(page, words):
    page.locator(".playground").get_by_text(words).wait_for(timeout=SECONDS)


def shot(page, name):
    """A screenshot of the whole playground."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.locator(".playground").first.screenshot(path=SHOTS / f"{name}.png")
    return Image.open(SHOTS / f"{name}.png").convert("RGB")


def large_picture(page):
    """The large picture, as it came, and its alt text."""
    image = page.locator(".playground figure img").first
    return Image.open(io.BytesIO(base64.b64decode(image.get_attribute("src").split(",")[1]))), image


def cooked(code):
    """The picture that a recipe's Python paints, here and not in the browser's kernel."""
    names = {}
    exec(compile(code, "recipe", "exec"), names)
    return names["picture"]


def contrast(page, selector):
    """The contrast of an element's text with what is behind it, 1 to 21 (WCAG 2.2, 1.4.3)."""
    colours = page.locator(selector).first.evaluate("""element => {
        const parse = text => text.match(/[\\d.]+/g).map(Number);
        const fill = element => parse(getComputedStyle(element).backgroundColor);
        let behind = element;
        while (fill(behind)[3] === 0) behind = behind.parentElement;
        return [parse(getComputedStyle(element).color), fill(behind)];
    }""")

    def luminance(colour):
        linear = [(c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in colour[:3]]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted(map(luminance, colours))
    return (light + 0.05) / (dark + 0.05)


def test_by_mouse_with_stop_recipe_and_both_themes(tmp_path):
    with jupyterlab_page(NOTEBOOK, tmp_path) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        run_all(page)
        assert error_texts(page) == []
        field(page, "Steps").fill("900")
        field(page, "Prompt").click()
        page.locator(".playground figure img[alt^='Step ']").wait_for(timeout=SECONDS)  # it grows
        page.get_by_role("button", name="Stop", exact=True).click()
        says(page, "Stopped at step")
        assert "of 901" in large_picture(page)[1].get_attribute("alt")
        assert page.locator(".playground-card").count() == 0

        field(page, "Steps").fill("30")
        field(page, "Prompt").fill("a robot on the moon at night")
        page.keyboard.press("Enter")
        says(page, "Picture 1 is finished.")
        painted, image = large_picture(page)
        assert "a robot on the moon at night" in image.get_attribute("alt") and painted.format == "PNG"
        page.get_by_role("button", name="Copy recipe 1").click()
        page.get_by_role("button", name="Copied recipe 1").wait_for()
        code = page.evaluate("navigator.clipboard.readText()")
        assert cooked(code).tobytes() == painted.convert("RGB").tobytes()

        page.get_by_label("Recipe 1", exact=True).click()  # folds the recipe again
        page.get_by_role("button", name="Start from picture 1").click()
        says(page, "Picture 2 is finished.")
        field(page, "Prompt").fill("a watercolour of an alien on mars")
        page.keyboard.press("Enter")
        says(page, "Picture 3 is finished.")
        assert "from an earlier picture" in large_picture(page)[1].get_attribute("alt")
        shot(page, "playground").save(SHOTS / "playground.webp", quality=80, method=6)
        field(page, "Prompt").fill(" ")
        page.keyboard.press("Enter")
        page.locator(".playground [role=alert]").wait_for(timeout=SECONDS)
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            page.evaluate(
                "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
            )
            shown = "theme => document.body.dataset.jpThemeName == theme"
            page.wait_for_function(shown, arg=theme, timeout=30_000)
            for text in ("[role=alert]", "figcaption", "summary", ".widget-label"):
                assert contrast(page, f".playground {text}") >= 4.5, (theme, text)
            shot(page, theme.split()[-1].lower())


def test_by_keyboard_alone_while_a_cell_runs_and_after_a_reload(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(BUSY))
    (tmp_path / "source").mkdir()
    nbformat.write(notebook, tmp_path / "source" / "playground.ipynb")
    go = tmp_path / "served" / "notebooks" / "go"
    with jupyterlab_page(tmp_path / "source" / "playground.ipynb", tmp_path) as page:
        go.touch()
        run_all(page)
        cells = page.locator(".jp-Cell").count()

        def tab_to(name, key="Tab"):
            """Press Tab until the focus is at what has this name; its outline must be seen."""
            for _ in range(60):
                page.keyboard.press(key)
                if named(page) == name:
                    outline = "getComputedStyle(document.activeElement).outlineStyle"
                    assert page.evaluate(outline) == "solid", name
                    return
            raise AssertionError(f"{key} never comes to {name}")

        def tab_back_to(name):
            tab_to(name, "Shift+Tab")

        page.locator(".jp-Cell:has(.playground)").focus()
        tab_to("Prompt")
        page.keyboard.press("Control+A")
        page.keyboard.type("an alien on mars")
        tab_to("Negative prompt")
        page.keyboard.type("rings")
        tab_to("Seed")
        page.keyboard.press("ArrowUp")
        tab_to("Steps")
        page.keyboard.press("Control+A")
        page.keyboard.type("900")
        tab_to("Guidance")
        tab_to("Scheduler")
        page.keyboard.press("ArrowUp")  # PNDM, DDIM
        tab_to("Paint")
        page.keyboard.press("Space")
        page.locator(".playground figure img[alt^='Step ']").wait_for(timeout=SECONDS)
        tab_to("Stop")
        page.keyboard.press("Enter")
        says(page, "Stopped")  # at a step, or before the first
        tab_back_to("Steps")
        page.keyboard.press("Control+A")
        page.keyboard.type("5")
        page.keyboard.press("Enter")
        says(page, "Picture 1 is finished.")
        words = "an alien on mars · not: rings · seed 1 · 5 steps · guidance 3 · DDIM"
        assert large_picture(page)[1].get_attribute("alt") == f"Painted: {words}"
        tab_to("Recipe 1")
        page.keyboard.press("Space")
        assert page.locator(".playground pre").is_visible()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        tab_back_to("Copy recipe 1")
        page.keyboard.press("Space")
        page.get_by_role("button", name="Copied recipe 1").wait_for()
        assert (
            page.evaluate("navigator.clipboard.readText()") == page.locator(".playground pre").text_content()
        )

        tab_to("Start from picture 1")
        page.keyboard.press("Space")
        says(page, "Picture 2 is finished.")
        tab_back_to("Strength")
        page.keyboard.press("Control+A")
        page.keyboard.type("0.9")
        page.keyboard.press("Enter")
        says(page, "Picture 3 is finished.")
        assert "strength 0.9" in large_picture(page)[1].get_attribute("alt")
        tab_back_to("Start from a file (0)")
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Enter")
        Image.new("RGB", (128, 128), "teal").save(tmp_path / "teal.png")
        chooser.value.set_files(tmp_path / "teal.png")
        says(page, "Picture 4 is finished.")
        tab_back_to("Start from TRAPPIST-1e")
        page.keyboard.press("Space")
        says(page, "Picture 5 is finished.")
        tab_back_to("Start from noise")
        page.keyboard.press("Space")
        says(page, "Picture 1 is finished.")  # the same once more
        assert page.locator(".jp-Cell").count() == cells  # JupyterLab took none of the keys for itself

        save(page)
        page.wait_for_timeout(2000)
        page.reload()
        wait_until_idle(page)
        page.locator(".playground figure img").first.wait_for(timeout=SECONDS)
        assert large_picture(page)[1].get_attribute("alt") == f"Painted: {words}"
        assert page.locator(".playground-card").count() == 5

        go.unlink()
        page.locator(".jp-CodeCell").last.click()
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")  # no waiting
        page.get_by_text("| Busy").first.wait_for(timeout=SECONDS)
        field(page, "Seed").fill("7")
        field(page, "Prompt").click()
        if PAINTS_MEANWHILE:
            says(page, "Picture 6 is finished.")
            assert prompts(page)[-1] == "[*]:"
        go.touch()
        says(page, "Picture 6 is finished.")
        painted, image = large_picture(page)
        assert "seed 7" in image.get_attribute("alt")
        code = page.locator(".playground pre").last.text_content()
        assert cooked(code).tobytes() == painted.convert("RGB").tobytes()
        shot(page, "after-reload")


def named(page):
    """The accessible name of what has the focus, as far as the playground's elements have one."""
    return page.evaluate("""() => {
        const element = document.activeElement;
        if (!element.closest('.playground')) return '';
        const label = element.labels?.[0] ?? element;
        return element.getAttribute('aria-label') ?? label.textContent.trim();
    }""")
