"""The page as visitors meet it: in Chromium, and by requests that no page sends."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import skimage.color
from PIL import Image

from keras_colorize import errors
from keras_colorize.page import server

gradio = pytest.importorskip("gradio")
from keras_colorize.page.layout import Handlers  # noqa: E402


@pytest.fixture(scope="module")
def page(tiny_model):
    launched = server.launch(tiny_model, max_pixels=100_000_000, max_megabytes=1)
    yield launched
    launched.close()


@pytest.fixture
def visit(page, browser):
    """Open the page; what it asked for elsewhere, and its errors, would be complaints."""

    def opened(**window):
        browser.open(page.local_url, **window)
        browser.wait("document.querySelector('#upload input[type=file]') !== null")
        return browser

    yield opened
    assert browser.complaints(page.local_url) == []


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "grandmother.png"
    Image.fromarray(np.linspace(60, 200, 60 * 90).reshape(60, 90).astype("uint8")).save(path)
    return path


def tab(browser, name):
    browser.run(
        f"[...document.querySelectorAll('[role=tab]')].find(e => e.textContent.includes('{name}'))"
        ".click()"
    )


def changes(browser, selector, action):
    """Do something and wait until the last picture there is another one."""
    last = f"[...document.querySelectorAll('{selector} img')].at(-1)?.src"
    before = browser.run(last)
    action()
    browser.wait(f"{last} && {last} !== {json.dumps(before)}")


def download(browser, seconds=30):
    """Return the content of the file that is downloaded next, and its name."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path in browser.downloads.glob("*"):
            if path.suffix != ".crdownload":
                content = path.read_bytes()
                path.unlink()
                return path.name, content
        time.sleep(0.05)
    raise AssertionError("nothing was downloaded")


@pytest.mark.browser
def test_page_colors_a_photograph_with_a_hint(visit, photograph):
    browser = visit()
    changes(
        browser,
        "#compared",
        lambda: browser.upload("#upload input[type=file]", photograph),
    )
    chosen = "document.querySelector('#samples .selected') !== null"
    changes(
        browser, "#compared", lambda: browser.click("#samples .gallery-item:nth-child(4) button")
    )
    browser.wait(f"{chosen} && document.querySelector('#upload input[type=file]') !== null")
    changes(
        browser,
        "#compared",
        lambda: browser.upload("#upload input[type=file]", photograph),
    )
    browser.wait(f"!({chosen}) && document.querySelector('#upload input[type=file]') === null")
    assert "Drop File Here" not in browser.run("document.body.innerText")  # one place for uploads
    changes(browser, "#compared", lambda: browser.click("#chroma input[type=range]"))
    changes(
        browser, "#compared", lambda: browser.click("#variants .gallery-item:nth-child(2) button")
    )
    tab(browser, "Hints")
    # A click on a picture that is not there yet has no place.
    browser.wait("(e => e?.clientWidth > 0 && e.complete)(document.querySelector('#hints img'))")
    left, top, width, height = browser.rectangle("#hints img")
    spot = left + 0.75 * width, top + 0.25 * height
    changes(browser, "#hints", lambda: browser.drag([spot]))
    browser.click("#download")
    name, content = download(browser)
    colored = np.asarray(Image.open(io.BytesIO(content)))
    assert name == "grandmother.png" and colored.shape == (60, 90, 3)
    lab = skimage.color.rgb2lab(colored)
    hinted = skimage.color.rgb2lab(np.array([0xC8, 0x60, 0x2A], "uint8"))  # the picker's first
    place = lab[15, int(0.75 * 90)]
    # In hue: at this lightness, sRGB has less chroma.
    angle = np.arctan2(place[2], place[1]) - np.arctan2(hinted[2], hinted[1])
    assert abs(np.degrees(angle)) < 10 and np.hypot(*place[1:]) > 30


@pytest.mark.browser
def test_page_colors_several_into_an_archive(visit, photograph, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    browser = visit()
    tab(browser, "Several")
    browser.upload("#uploads input[type=file]", photograph, bad)
    browser.wait("document.querySelectorAll('#uploads a').length >= 2")
    browser.click("#all")
    browser.wait("document.querySelector('#archive a') !== null")
    browser.click("#archive a")
    with zipfile.ZipFile(io.BytesIO(download(browser)[1])) as archive:
        assert archive.namelist() == ["grandmother.png"]
    assert "bad.jpg: not a picture" in browser.run("document.querySelector('#failed').innerText")


@pytest.mark.browser
def test_page_says_why_a_file_is_refused(visit, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    browser = visit()
    browser.upload("#upload input[type=file]", bad)
    browser.wait("document.body.innerText.includes('cannot be read: not a picture.')")


@pytest.mark.browser
def test_sample_is_colored_on_a_phone_without_scrolling_sideways(visit):
    browser = visit(width=390, height=844, phone=True)
    browser.wait("document.querySelectorAll('#samples img').length === 6")
    left, top, width, height = browser.rectangle("#samples .gallery-item:nth-child(4) button")
    browser.touch([(left + width / 2, top + height / 2)])
    browser.wait("document.querySelectorAll('#compared img').length >= 2")
    assert browser.run("document.documentElement.scrollWidth") == 390


def ask(page, path, **body):
    data = json.dumps(body).encode() if body else None
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(page.local_url + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


@pytest.mark.parametrize(
    "path",
    [
        f"gradio_api/file={Path(server.__file__).as_posix()}",
        "gradio_api/file=http://127.0.0.1:9/a.png",
        "gradio_api/proxy=http://127.0.0.1:9/a.png",
    ],
)
def test_server_gives_no_file_of_its_machine_or_of_others(page, path):
    assert ask(page, path)[0] == 403


def test_browser_is_told_to_load_from_nowhere_else(page):
    status, headers = ask(page, "")
    assert status == 200
    assert headers["Content-Security-Policy"].startswith("default-src 'self' ")


@pytest.fixture
def handle(tmp_path):
    (tmp_path / "uploads").mkdir()
    return Handlers(SimpleNamespace(names=[]), str(tmp_path / "uploads"), [])


def test_path_that_was_not_uploaded_is_not_opened(handle, tmp_path, photograph):
    for path in (str(photograph), f"{tmp_path}/uploads/../{photograph.name}", None):
        with pytest.raises(gradio.Error, match="must be uploaded"):
            handle.open_upload(path)


@pytest.mark.parametrize("color", ["#b03a2e", "rgba(175.6, 58.2, 46, 1)", "rgb(176, 58, 46)"])
def test_hint_has_the_color_of_the_picker(handle, color):
    opened = SimpleNamespace(grey=np.zeros((20, 30, 3), "uint8"))
    clicked = SimpleNamespace(index=(12, 7))
    assert handle.add_hint(opened, (), color, clicked) == ((12, 7, "#b03a2e"),)


def test_page_listens_on_loopback_and_sends_no_statistics(page):
    assert page.server_name == "127.0.0.1"
    assert not page.analytics_enabled and not page.share


def test_taken_port_is_told(page, tiny_model):
    with pytest.raises(errors.UsageError, match=str(page.server_port)):
        server.launch(tiny_model, port=page.server_port)
