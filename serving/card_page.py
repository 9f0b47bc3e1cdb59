"""The card of a promoted model as a page: the one made at training, word for word; of a model without one a plain list.

The page made at training holds its own sheet and pictures, so its policy allows these alone, by digest and as data.
"""

import re
from base64 import b64encode
from hashlib import sha256

from fastapi import Response

from features.errors import ArtifactError
from models import artifact
from serving import models
from serving.champions import Champions
from serving.html import HTML, environment
from serving.problems import ProblemError
from serving.wording import Wording

SHEET = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def card_page(champions: Champions, name: str, wording: Wording) -> Response:
    """The page of the card of a name's champion; ProblemError when there is none, or its files are not as promoted."""
    champion = models.champion_of(champions, name)
    try:
        page = artifact.read_page(champions.resolve(champion.tag), wording.language, expected=champion.digest)
    except (ArtifactError, OSError):
        raise ProblemError("no_model") from None
    headers = {"Content-Language": wording.language}
    if page is not None:
        return Response(page, media_type=HTML, headers=headers | {"Content-Security-Policy": policy_of(page)})
    content = models.card_of(champions, champion).content
    told = {"champion": champion, "content": content, "language": wording.language, "note": wording.note}
    return Response(environment().get_template("card.html").render(**told), media_type=HTML, headers=headers)


def policy_of(page: str) -> str:
    """What a browser may do with a page: show it with the sheets written in it and with pictures written in it."""
    digests = (b64encode(sha256(sheet.encode()).digest()).decode() for sheet in SHEET.findall(page))
    sheets = " ".join(f"'sha256-{each}'" for each in digests) or "'none'"
    nothing = "; ".join(f"{each} 'none'" for each in ("default-src", "base-uri", "form-action", "frame-ancestors"))
    return f"{nothing}; style-src {sheets}; img-src data:"
