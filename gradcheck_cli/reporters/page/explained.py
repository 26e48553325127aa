"""The manual's page on a mistake, folded into the card of a finding."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt  # which Rich's own Markdown is made of

from gradcheck_cli.manual import codes, page_text, page_title
from gradcheck_cli.reporters.page.marks import fold, text

__all__ = ["explained"]


def explained(code: str) -> str:
    """Return the page on a code; of one that has none, where a report comes from elsewhere, nothing."""
    return page_of(code) if code in codes() else ""


@cache
def page_of(code: str) -> str:
    """Return a page as HTML whose headings are none, for they are within those of the report."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(page_text(code))[3:]  # the title stands in the summary
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = "p"
            token.attrs = {"class": "name"} if token.nesting > 0 else {}
    body = markdown.renderer.render(tokens, markdown.options, {}).replace("<pre>", "<pre tabindex='0'>")
    summary = f"What <code>{text(code)}</code> is: {text(page_title(code))}"
    return fold(summary, f"<div class='manual'>{body}</div>\n")
