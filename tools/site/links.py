"""Every link of the site: does it lead to a page that is there, and to a place in it?"""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

OUTSIDE = ("http", "https", "mailto")
ADDRESSES = ("href", "src", "srcset", "poster", "data")


class Page(HTMLParser):
    """The `anchors` of a page and its `links`, as they stand in it."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)
            elif name in ADDRESSES and value is not None and not (tag == "object" and name == "data"):
                self.links.append(value)


def broken(site):
    """What is wrong with the links of all pages in the folder `site`: "page: link", in order."""
    site = Path(site).resolve()
    paths = sorted(path for path in site.rglob("*.html") if site / "_static" not in path.parents)
    pages = {path: Page(path) for path in paths}
    return [
        f"{path.relative_to(site).as_posix()}: {link}"
        for path, page in pages.items()
        for link in dict.fromkeys(page.links)
        if not leads_somewhere(link, path, pages, site)
    ]


def leads_somewhere(link, path, pages, site):
    """Whether a link of the page at `path` does; of one to another place only its form is looked at."""
    parts = urlsplit(link)
    if parts.scheme in OUTSIDE:
        return " " not in link and ("." in parts.netloc or (parts.scheme == "mailto" and "@" in parts.path))
    if parts.scheme == "data":
        return True
    if parts.scheme or parts.netloc or link.startswith("/"):
        return False
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file() or site not in target.parents:
        return False
    anchor = unquote(parts.fragment)
    return not anchor or target not in pages or anchor in pages[target].anchors
