"""docs/benchmarks.md: page.md filled in with what was measured."""

from pathlib import Path

from bench.parts import SIDE
from helpers.lesson.measured import table
from helpers.machine.processor import counted
from helpers.models import POCKET, ROOT, settings

PAGE = ROOT / "docs" / "benchmarks.md"
WAYS = {"loop": "hand-written loop", "pipeline": "library's pipeline", "fast": "the fast way"}


def figure(spread, unit="s"):
    """A median with its quartiles: "0.71 (0.70–0.74) s"."""
    median, low, high = spread
    return f"{median:.2f} ({low:.2f}–{high:.2f}){unit and ' ' + unit}"


def start_table(found):
    names = {"imports": "imports alone", "picture": '`make picture PROMPT="an astronaut on mars"`'}
    rows = [[names[name], figure(each)] for name, each in found["seconds"].items()]
    return table(["", "time"], [*rows, ["ratio", figure(found["picture over imports"], "")]])


def pictures_table(found):
    rows = [
        [count, *(figure(ways[way]) for way in WAYS), figure(found["loop over pipeline"][count], "")]
        for count, ways in found["a picture"].items()
    ]
    return table(["at once", *WAYS.values(), "loop over pipeline"], rows)


def peak_table(found):
    product = found["matrix product"]
    rows = [
        [f"matrix product, {name}", f"{product[name][0] / 1e9:.0f} billion operations a second"]
        for name in product
    ]
    for name, each in found.items():
        if name != "matrix product":
            share = f"{each['operations'] / 1e9:.0f} billion operations, {figure(each['share of fp32'], '')}"
            rows.append([f"pictures, {name}", f"{share} of the peak in fp32"])
    return table(["", "found"], rows)


def threads_table(found):
    beside = {name: each for name, each in found.items() if name != "cores"}
    counts = list(next(iter(beside.values())))
    rows = [[name, *(figure(each[count]) for count in counts)] for name, each in beside.items()]
    return table([counted(found["cores"], "core"), *counts], rows)


def waiting_table(found):
    """A row for each number of threads and way of waiting: there are more of these than of busy programs."""
    beside = {name: each for name, each in found.items() if name != "cores"}
    rows = [[way, *(figure(each[way]) for each in beside.values())] for way in next(iter(beside.values()))]
    return table([counted(found["cores"], "core"), *beside], rows)


def notebooks_table(found):
    rows = [[name.replace("_", " "), f"{seconds:.0f} s"] for name, seconds in found.items()]
    return table(["", "time"], rows)


def section(title, body):
    """A section of the page; nothing where there is nothing to say."""
    return f"## {title}\n\n{body}\n\n" if body else ""


def text(made, results):
    """The page, of what `python -m bench` measured."""
    here, usual = Path(__file__).parent, settings(POCKET)
    page = (here / "page.md").read_text(encoding="utf-8")
    return page.format(
        **made,
        steps=usual["num_inference_steps"],
        guidance=usual["guidance_scale"],
        side=SIDE,
        calls=results["loop"]["calls of the fast way"],
        start=start_table(results["start"]),
        pictures=pictures_table(results["loop"]),
        peak=peak_table(results["peak"]),
        threads=threads_table(results["threads"]),
        waiting=section(
            "How threads wait for each other (OMP_WAIT_POLICY)",
            "waiting" in results and waiting_table(results["waiting"]),
        ),
        notebooks=section(
            "Notebooks from a clean kernel on one thread, and the tests on all cores",
            "notebooks" in results and notebooks_table(results["notebooks"]),
        ),
        tried=section(
            "What was tried to make it faster", (here / "tried.md").read_text(encoding="utf-8").strip()
        ),
    )
