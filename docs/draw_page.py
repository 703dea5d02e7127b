"""Take the pictures of docs/page.md: the page in Chromium, with a sample photograph."""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from keras_colorize.page import server

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "tests"))
import chromium  # noqa: E402

_SUIT = (0.37, 0.61), (0.14, 0.57), (0.2, 0.83), (0.63, 0.6)  # of the astronaut's width and height
_READY = "(e => e?.clientWidth > 0 && e.complete)(document.querySelector('#hints img'))"
_LAST = "[...document.querySelectorAll('#hints img')].at(-1)?.src"


def main() -> None:
    """Write page.jpg and page_hints.jpg."""
    page = server.launch()
    with tempfile.TemporaryDirectory() as folder:
        browser = chromium.Browser(chromium.find(), Path(folder))
        try:
            _open(browser, page, sample=4, height=760)
            _write(browser, "page")
            _open(browser, page, sample=1, height=1070)
            browser.run("document.querySelectorAll('[role=tab]')[3].click()")
            for x, y in _SUIT:
                browser.wait(_READY)
                left, top, width, height = browser.rectangle("#hints img")
                before = browser.run(_LAST)
                browser.drag([(left + x * width, top + y * height)])
                browser.wait(f"{_LAST} !== '{before}'")
            _write(browser, "page_hints")
        finally:
            browser.close()
            page.close()


def _open(browser, page, sample, height):
    button = f"#samples .gallery-item:nth-child({sample}) button"
    browser.open(page.local_url, width=1200, height=height)
    browser.wait(f"document.querySelector('{button} img')?.complete")
    browser.click(button)
    browser.wait("document.querySelectorAll('#compared img').length >= 2")
    browser.wait("document.querySelectorAll('#variants img').length >= 2")


def _write(browser, name):
    browser.run("document.activeElement.blur(); scrollTo(0, 0)")
    # Pictures fade in, and what shows that work is done fades out.
    browser.run("new Promise(done => setTimeout(done, 2000))")
    path = Path(tempfile.gettempdir()) / f"{name}.png"
    browser.screenshot(path)
    Image.open(io.BytesIO(path.read_bytes())).convert("RGB").save(
        FOLDER / f"{name}.jpg", quality=85, optimize=True
    )
    path.unlink()


if __name__ == "__main__":
    main()
