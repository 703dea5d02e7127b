"""An HTML page that is one file: its style, script, data and pictures inside, no network."""

import base64
import hashlib
import html
import importlib.resources
import io
import json

import numpy as np
from PIL import Image

from keras_colorize.data import photographs


def render(name: str, title: str, body: str, data) -> str:
    """Return a whole HTML page that can neither reach a network nor run a stranger's script.

    Its Content-Security-Policy allows the page's own style and script, by their hashes, and
    pictures that stand in the page; nothing else.

    Args:
        name: The page's `NAME.css` and `NAME.js` in this folder, after `page.css`, which all share.
        title: The title, as text.
        body: HTML; whoever makes it escapes its text with `escape`.
        data: What the script finds as JSON in `#data`.
    """
    style = read("page.css") + read(f"{name}.css")
    script = read(f"{name}.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    # JSON's own escapes keep a "</script>" in a photograph's name from ending the element.
    island = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n"
        f'<script type="application/json" id="data">{island}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def escape(text: object) -> str:
    """Return text for HTML, between tags or in quotes; bytes that are no UTF-8 become `?`."""
    return html.escape(str(text).encode("utf-8", "replace").decode("utf-8"))


def embed(picture: np.ndarray, side: int) -> str:
    """Return uint8 `(H, W, 3)` as a JPEG's data URI, its long side reduced to `side` pixels.

    Quality 85 without chroma subsampling: the chroma is what one came to see.
    """
    picture = photographs.resized(picture, min(1.0, side / max(picture.shape[:2])))
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=85, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def read(file: str) -> str:
    """Return the text of a file in this folder."""
    return importlib.resources.files(__package__).joinpath(file).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
