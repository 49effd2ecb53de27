"""Markdown on a slide: the blocks of a text, its sentences, and which of them are shown."""

import re

LONG = 160  # characters of a text: two lines of a slide
TO_NOTES = ("*Time", "**References", "**Before this", "**Next", "**When you leave", "[![", "<!--")
QUESTION = "**Predict first"
NOT_AN_END = ("et al", "e.g", "i.e", "vs", "cf", "Fig", "Eq", "approx")


def blocks(markdown):
    """The paragraphs, lists, tables, formulas, fences and folded parts of a text, each as (kind, text)."""
    found, inside = [], None
    for line in markdown.strip().split("\n"):
        opens = (
            "details" if line.startswith("<details") else
            "fence" if line.startswith("```") else
            "math" if line.strip().startswith("$$") else None
        )  # fmt: skip
        if inside:
            found[-1][1].append(line)
            ends = {"details": "</details>" in line, "fence": line.startswith("```"), "math": "$$" in line}
            inside = None if ends[inside] else inside
        elif opens:
            found.append([opens, [line]])
            one_line = line.count("$$") == 2 if opens == "math" else "</details>" in line
            inside = None if one_line else opens
        elif not line.strip():
            found.append([None, []])
        elif line.startswith("#"):
            found.append(["heading", [line]])
        else:
            kind = (
                "list" if re.match(r"[-*+] |\d+\. ", line) else
                "table" if line.startswith("|") else "paragraph"
            )  # fmt: skip
            last = found[-1][0] if found else None
            goes_on = last == kind or (last == "list" and line.startswith(" "))
            if goes_on:
                found[-1][1].append(line)
            else:
                found.append([kind, [line]])
    return [(kind, "\n".join(lines)) for kind, lines in found if kind]


def sections(markdown):
    """A text cut before its headings: [(the heading or "", the blocks below it)]."""
    found = [("", [])]
    for kind, text in blocks(markdown):
        if kind == "heading":
            found.append((text, []))
        else:
            found[-1][1].append((kind, text))
    return [section for section in found if any(section)]


def items_of_list(text):
    return re.split(r"\n(?=[-*+] |\d+\. )", text)


def first_of_item(item):
    """What a long item of a list says first, after its mark; a label brings the sentence that it is for.

    So do words that lead to it.
    """
    mark = re.match(r"(?:[-*+]|\d+\.) +", item)[0]
    first, *rest = sentences(item[len(mark) :])
    return mark + (f"{first} {rest[0]}" if rest and first.endswith(":") else beginning(first, 0))


def plain(text):
    """About what is seen of Markdown: no addresses, no marks."""
    return re.sub(r"\]\([^)]*\)|[*`\[]", "", text)


def sentences(text):
    """The sentences of a paragraph; a bold label such as "What to notice." belongs to the first."""
    text = " ".join(text.split())
    label = re.match(r"\*\*[^*]+[.:]\*\*\s+", text)
    start = label.end() if label else 0
    inner = r"\$[^$]+\$|`[^`]+`|\[[^\]]*\]\([^)]*\)|\([^)]*\)"  # nothing ends within these
    closed = re.sub(inner, lambda m: "x" * len(m[0]), text)
    closed = re.sub(r"(?<!\*)\*[^*]+\*", lambda m: "x" * (len(m[0]) - 2) + m[0][-2:], closed)
    found, begin = [], 0
    for end in re.finditer(r"[.!?:](?:\*{1,2}|[\"”])?(?=\s|$)", closed[start:]):
        position = start + end.end()
        if not closed[: start + end.start()].endswith(NOT_AN_END) and closed[position : position + 2] != " =":
            found.append(text[begin:position].strip())
            begin = position
    return found + [text[begin:].strip()] * (begin < len(text))


def beginning(text, characters=LONG):
    """As many of a paragraph's sentences as have this many characters together, at least the first."""
    said = sentences(text)
    kept = said[:1]
    while len(kept) < len(said) and len(" ".join([*kept, said[len(kept)]])) <= characters:
        kept.append(said[len(kept)])
    while len(kept) < len(said) and len(kept) > 1 and kept[-1].endswith(":"):
        kept.pop()  # what it leads to is not shown
    return " ".join(kept) if len(kept) == len(said) else re.sub(r":$", ".", " ".join(kept))


def shown_text(parts, characters=LONG, whole=False):
    """What of a text's blocks stands on the slide, as Markdown: the beginning of the first paragraph (or all
    paragraphs: `whole`), a question, and lists, tables, formulas and fences with the words that lead to them.
    """
    shown, said, lead = [], False, ""
    for kind, text in parts:
        if kind == "details" or text.startswith(TO_NOTES):
            continue
        if kind == "paragraph":
            whole_text = whole or text.startswith(QUESTION)
            kept = text if whole_text else "" if said else beginning(text, characters)
            said = True
            text = " ".join(text.split())
            lead = sentences(text)[-1] if text.endswith(":") and kept[-1:] != ":" else ""
            shown += [kept] if kept else []
            continue
        shown += [lead] if lead else []
        lead = ""
        if kind == "list":
            items = items_of_list(text)
            text = "\n".join(item if len(item) <= LONG else first_of_item(item) for item in items)
        shown.append(text)
    return "\n\n".join(shown)


def unfolded(kind, text):
    """A block as the speaker reads it: folded answers open."""
    if kind != "details":
        return text
    text = re.sub(r"</?details[^>]*>", "", text)
    return re.sub(r"<summary>(.*?)</summary>", r"**\1.**", text, flags=re.DOTALL).strip()
