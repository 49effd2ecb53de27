"""A notebook in a real browser: headless Chromium opens JupyterLab and runs it. For the tests that need eyes.

    with jupyterlab_page(Path("notebooks/00_first_picture.ipynb"), tmp_path) as page:
        run_all(page)
        page.screenshot(path=SHOTS / "name.png")

The notebook is opened as a copy without outputs: what is seen was made now, and the original stays as it is.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from tools.execute_notebooks import KERNEL_ENVIRONMENT

ROOT = Path(__file__).parent.parent
SHOTS = ROOT / "out" / "browser"  # screenshots stay here, and the workflows keep them
REQUIRED = "CHROMIUM_REQUIRED"  # set on machines that have a Chromium, or should have one
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# JupyterLab shows a traceback as it shows stderr.
PROMPTS = ".jp-CodeCell .jp-InputPrompt:not(.jp-Placeholder-prompt)"  # a folded cell has none
ERRORS = ".jp-OutputArea [data-mime-type='application/vnd.jupyter.stderr']"
LAB_SETTINGS = {
    # Every cell stays in the page, also those that are scrolled out of sight.
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}


def lacking(what):
    """Skip the test; or fail it, where it is said that nothing lacks: a skipped test is easily overlooked."""
    (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(f"the browser test needs {what}")


def chromium():
    """The path of a Chromium, the system's or Playwright's own; `lacking` if there is none."""
    try:
        import playwright.sync_api as playwright
    except ModuleNotFoundError:
        lacking("playwright (pip)")
    if found := next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None):
        return found
    with playwright.sync_playwright() as driver:
        own = driver.chromium.executable_path
    if not Path(own).exists():
        lacking("Chromium: python -m playwright install chromium")
    return own


@contextlib.contextmanager
def chromium_browser():
    """A headless Chromium, as Playwright's browser; `lacking` if there is none."""
    executable = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def jupyterlab_server(served, folder, root=ROOT):
    """JupyterLab on 127.0.0.1, serving the folder `served`, its own files in `folder`; yields its address.

    `root` is the repository that it is started from. In this one, with settings and a workspace for tests; in
    another, as a newcomer starts it.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
        **KERNEL_ENVIRONMENT,
        "PYTHONPATH": str(root),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    if root == ROOT:
        for name, content in LAB_SETTINGS.items():
            file = folder / "settings" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(content))
        environment["JUPYTERLAB_SETTINGS_DIR"] = str(folder / "settings")
        environment["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = folder / "jupyterlab.log"
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--config={root / 'tools' / 'lab_config.py'}",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={served}",
        "--IdentityProvider.token=",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
    ]
    with log.open("w") as sink:
        server = subprocess.Popen(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{address}/api/status", timeout=2).close()
                break
            except OSError:
                assert server.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


@contextlib.contextmanager
def jupyterlab_page(notebook_path, folder, as_committed=False):
    """A playwright page: a copy of the notebook in JupyterLab, its kernel idle. Work files in `folder`.

    The copy has no outputs, or is the committed file to the byte.
    """
    served = folder / "served"
    (served / "notebooks").mkdir(parents=True)
    for beside in ("images", "models/pocket-planets"):  # which notebooks find beside their own folder
        shutil.copytree(ROOT / beside, served / beside)
    for room in ("helpers", "worlds", "pyproject.toml"):  # by these the set-up cell knows a whole repository
        (served / room).symlink_to(ROOT / room)
    notebook = nbformat.read(notebook_path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if as_committed:
        shutil.copy(notebook_path, served / "notebooks")
    else:
        nbformat.write(notebook, served / "notebooks" / notebook_path.name)
    with chromium_browser() as browser, jupyterlab_server(served, folder) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(f"{address}/lab/tree/notebooks/{notebook_path.name}?reset", timeout=60_000)
        wait_until_idle(page)
        yield page


def wait_until_idle(page, seconds=120):
    """Wait until JupyterLab's status bar says that the kernel is idle."""
    page.get_by_text("| Idle").first.wait_for(timeout=seconds * 1000)


def run_all(page):
    """Run all cells and wait until the last is done, or one has failed, and the pictures are drawn."""
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    wait_until_idle(page)
    done = r"""[...document.querySelectorAll("PROMPTS")].every(prompt => /\d/.test(prompt.textContent))
        || document.querySelector("ERRORS")"""
    page.wait_for_function(
        done.replace("PROMPTS", PROMPTS).replace("ERRORS", ERRORS), timeout=120_000
    )  # a number comes a moment after the kernel's reply
    page.wait_for_function(
        "[...document.querySelectorAll('.jp-Notebook img')].every(i => i.complete)", timeout=30_000
    )


def save(page):
    """Save the notebook as a reader, or JupyterLab's own timer, would."""
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")


def error_texts(page):
    """The text of each error that a cell shows, and of all that it writes to stderr."""
    return page.locator(ERRORS).all_inner_texts()


def prompts(page):
    """What stands before each code cell: '[1]:' after a run, '[*]:' while it runs, '[ ]:' before."""
    return page.locator(PROMPTS).all_text_contents()


def pictures(page):
    """Every picture: {'alt', 'width' on screen, 'natural' width, 'output': is it in a cell's output?}."""
    return page.evaluate("""[...document.querySelectorAll('.jp-Notebook img')].map(i => ({
        alt: i.alt, width: i.getBoundingClientRect().width, natural: i.naturalWidth,
        output: i.closest('.jp-OutputArea') !== null}))""")
