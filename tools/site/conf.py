"""Sphinx's settings. tools/site/build.py puts this file beside the pages, and paths are seen from there."""

from pathlib import Path

from docutils.nodes import reference
from sphinx.addnodes import pending_xref
from sphinx.transforms.post_transforms import SphinxPostTransform

from tools.stamp_badges import ROOT, repository

project = html_title = "Diffusion and Denoising"
author = "The Diffusion and Denoising contributors"
html_show_copyright = html_show_sphinx = html_copy_source = False
language = "en"

extensions = ["myst_nb"]
nb_execution_mode = "off"  # the outputs are those that are committed
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4  # as on GitHub

html_use_index = False
html_sidebars = {"**": ["search-button-field.html", "sbt-sidebar-nav.html"]}
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_theme_options = {
    "repository_url": repository(),
    "repository_branch": "main",
    "use_repository_button": True,
    "use_download_button": False,  # a notebook needs the repository around it
    "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the search is in the side bar
    "search_bar_text": "Search",
}

# One file with all of TeX, and pictures of letters rather than fonts: formulas need no network.
mathjax_path = "mathjax.js"
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"fontCache": "none"}}


class ToTheRepository(SphinxPostTransform):
    """A link to a file that is no page here leads to that file in the repository."""

    default_priority = 5  # before MyST says that the file is missing

    def run(self, **_):
        for link in list(self.document.findall(pending_xref)):
            name, _, anchor = link["reftarget"].partition("#")
            path = (ROOT / Path(link["refdoc"]).parent / name).resolve()
            if link["reftype"] == "myst" and name and path.exists() and ROOT in path.parents:
                kind = "tree" if path.is_dir() else "blob"
                address = f"{repository()}/{kind}/main/{path.relative_to(ROOT).as_posix()}"
                address += f"#{anchor}" if anchor else ""
                link.replace_self(reference("", "", *link.children, refuri=address, internal=False))


def mend(app, page, template, context, doctree):
    """A table's empty corner is no heading, where a screen reader would say nothing; a title is said once."""
    if page == "index":
        context["docstitle"] = ""
    context["body"] = context.get("body", "").replace('<th class="head"><p></p></th>', "<td></td>")


def setup(app):
    app.add_post_transform(ToTheRepository)
    app.connect("html-page-context", mend)
