"""The page that is answered to a bug in a page: made of nothing that may itself be what broke."""

from html import escape

from starlette.responses import HTMLResponse

from features.languages import LANGUAGES
from serving.wording import wording

INTERNAL_ERROR = 500
PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title></head><body>
{told}
<p><code>{request_id}</code></p>
<p><a href="/ui/">驿站 Waystation</a></p>
</body></html>
"""


def bug_page(request_id: str) -> HTMLResponse:
    """That something is broken, in both languages, and the number of the request, for whoever mends it."""
    texts = {language: wording(language) for language in LANGUAGES}
    told = "\n".join(
        f'<section lang="{language}"><h1>{escape(each.text("bug", "title"))}</h1>'
        f"<p>{escape(each.text('bug', 'detail'))}</p></section>"
        for language, each in texts.items()
    )
    title = escape(texts[LANGUAGES[0]].text("bug", "title"))
    return HTMLResponse(PAGE.format(title=title, told=told, request_id=escape(request_id)), INTERNAL_ERROR)
