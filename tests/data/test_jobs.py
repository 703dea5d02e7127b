"""What is colored into which files, without coloring anything."""

import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from keras_colorize.data import addresses, jobs
from keras_colorize.errors import BadPhotograph, UsageError


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Make small pictures, and go to their folder."""
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for number, name in enumerate(names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = io.BytesIO()
            Image.new("L", (8, 8), number).save(content, "PNG")
            path.write_bytes(content.getvalue())

    return make


def pictures(plan):
    return {job.source: job.picture.as_posix() for job in plan.jobs}


def test_plan_keeps_names_and_places(files):
    files("in/a.png", "in/sub/b.JPG", "in/c.gif")
    assert pictures(jobs.plan(["in"], "out")) == {
        "in/a.png": "out/a.png",
        "in/c.gif": "out/c.png",
        "in/sub/b.JPG": "out/sub/b.JPG",
    }


@pytest.mark.parametrize(
    "name, expected",
    [
        ("1923.05.12 wedding", "1923.05.12 wedding.png"),
        ("notes.txt", "notes.txt.png"),
        ("a.b.tga", "a.b.png"),
        ("a.heic", "a.png"),
    ],
)
def test_plan_changes_no_part_of_a_name_that_only_looks_like_a_suffix(files, name, expected):
    files(name)
    assert pictures(jobs.plan([name], "out")) == {name: f"out/{expected}"}


def test_plan_lets_the_exact_name_go_first(files):
    files("a/x.gif", "b/x.png", "c/x-2.png")
    assert pictures(jobs.plan(["a/x.gif", "b/x.png", "c/x-2.png"], "out")) == {
        "a/x.gif": "out/x-3.png",
        "b/x.png": "out/x.png",
        "c/x-2.png": "out/x-2.png",
    }


def test_job_says_that_standard_input_is_closed(monkeypatch):
    monkeypatch.setattr(jobs.sys, "stdin", None)
    with pytest.raises(BadPhotograph, match="standard input is closed"):
        jobs.Job("-", Path("a.png")).content()


def test_plan_takes_a_file_once_whatever_its_paths(files):
    files("in/a.png", "b.png")
    Path("in/link.png").symlink_to("a.png")
    plan = jobs.plan(["in", "in/a.png", "in/../b.png", "b.png"], "out")
    assert sorted(pictures(plan)) == ["in/../b.png", "in/a.png"]
    assert dict(plan.left_out) == {
        "in/link.png": "the same file as in/a.png",
        "in/a.png": "the same file as in/a.png",
        "b.png": "the same file as in/../b.png",
    }


@pytest.mark.parametrize("pattern", ["in", "in/**/*.png", "in/**"])
def test_plan_follows_links_but_not_in_circles(files, pattern):
    files("in/a.png", "elsewhere/b.png")
    Path("in/round").symlink_to(".")
    Path("in/back").symlink_to("..")
    Path("in/elsewhere").symlink_to("../elsewhere")
    plan = jobs.plan([pattern], "out")
    assert sorted(Path(job.source).name for job in plan.jobs) == ["a.png", "b.png"]


def test_plan_counts_what_is_no_picture_and_names_raw_files(files):
    files("in/a.png", "in/b.nef", "in/without suffix")
    Path("in/b.nef").write_bytes(b"II*\0")
    Path("in/notes.txt").write_text("nothing")
    Path("in/list.csv").write_text("1,2")
    plan = jobs.plan(["in"], "out")
    assert sorted(pictures(plan)) == ["in/a.png", "in/without suffix"]
    assert [name for name, _ in plan.failed] == ["in/b.nef"]
    assert "raw files" in plan.failed[0][1]
    assert plan.summary == ["No pictures: 2 files."]


@pytest.mark.parametrize("given", ["in", "in/**", "in/**/*.png", "in/*/*.png", "in/*/*/*.png"])
def test_plan_names_a_folder_that_cannot_be_read(files, monkeypatch, given):
    files("in/a.png", "in/open/c/c.png", "in/open/c.png", "in/locked/b.png", "in/locked/b/b.png")
    scandir = jobs.os.scandir

    def locked(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(jobs.os, "scandir", locked)
    plan = jobs.plan([given], "out")
    assert plan.jobs and not any("locked" in job.source for job in plan.jobs)
    assert plan.failed == [("in/locked", "the folder cannot be read (Permission denied)")]


@pytest.mark.parametrize("bad", ["x" * 300, "gone.png", "nul\0.png", "no/*.png"])
def test_plan_one_bad_input_does_not_stop_the_others(files, bad):
    files("a.png")
    plan = jobs.plan([bad, "a.png"], "out")
    assert pictures(plan) == {"a.png": "out/a.png"}
    assert [name for name, _ in plan.failed] == [bad]


def test_plan_replaces_nothing_unless_told(files):
    files("in/a.png", "in/b.png", "out/a.png")
    plan = jobs.plan(["in"], "out")
    assert pictures(plan) == {"in/b.png": "out/b.png"}
    assert plan.failed == [
        ("in/a.png", "out/a.png exists; --overwrite replaces it, --skip-existing leaves it")
    ]
    assert len(jobs.plan(["in"], "out", overwrite=True).jobs) == 2
    plan = jobs.plan(["in"], "out", skip_existing=True)
    assert pictures(plan) == {"in/b.png": "out/b.png"}
    assert plan.failed == [] and plan.summary == ["Colored before: 1 file."]


def test_plan_tells_a_file_from_the_stream_of_its_name(files):
    files("-")
    (job,) = jobs.plan(["."], "out").jobs
    assert job.content() == Path("-").read_bytes()
    assert job.picture == Path("out/-.png")


def test_plan_goes_on_where_a_map_is_missing(files):
    files("in/a.png", "out/a.png")
    plan = jobs.plan(["in"], "out", saliency=True, skip_existing=True)
    assert [job.outputs for job in plan.jobs] == [[Path("out/a.png"), Path("out/a.saliency.png")]]


def test_plan_of_streams_and_addresses(files):
    plan = jobs.plan(["-", "https://example.org/album/a%20b.gif?size=2"], "out")
    assert pictures(plan) == {
        "-": "out/stdin.png",
        "https://example.org/album/a%20b.gif?size=2": "out/a b.png",
    }
    (job,) = jobs.plan(["-"], "-").jobs
    assert job.outputs == []


@pytest.mark.parametrize(
    "address, reason",
    [
        ("https://", "needs a host"),
        ("http:///cat.jpg", "needs a host"),
        ("https://[::1/cat.jpg", "not an address"),
        ("https://example.org:99999/cat.jpg", "not an address"),
    ],
)
def test_plan_refuses_an_address_that_leads_nowhere(files, address, reason):
    with pytest.raises(UsageError, match=reason) as refused:
        jobs.plan([address], "out")
    assert f"Received: input={address!r}." in str(refused.value)


def test_plan_names_the_kinds_of_addresses_that_are_fetched(files):
    with pytest.raises(UsageError, match=r"http:// and https:// addresses only.*'ftp://a/b.png'"):
        jobs.plan(["ftp://a/b.png"], "out")


@pytest.mark.parametrize("out", ["out.xyz", "deep/out.doc", "out.PDF"])
def test_plan_refuses_a_folder_that_looks_like_a_file(files, out):
    files("a.png", "b.png")
    with pytest.raises(UsageError, match=rf"`out` looks like a file.*with a /.*out='{out}'"):
        jobs.plan(["a.png"], out)
    assert len(jobs.plan(["a.png", "b.png"], out).jobs) == 2  # a file it cannot be
    assert pictures(jobs.plan(["a.png"], f"{out}/")) == {"a.png": f"{out}/a.png"}


@pytest.mark.parametrize("out", ["scans.2024", "lite_unet.natural", "v1.5", "out."])
def test_plan_takes_a_folder_with_a_dot_in_its_name(files, out):
    files("a.png")
    assert pictures(jobs.plan(["a.png"], out)) == {"a.png": f"{out}/a.png"}


def test_plan_several_to_one_file_is_wrong_usage(files):
    files("a.png", "b.png")
    for out in ("c.png", "-"):
        with pytest.raises(UsageError, match="must be a folder for 2 photographs"):
            jobs.plan(["a.png", "b.png"], out)


def test_job_reads_its_source(files, monkeypatch):
    files("a.png")
    content = Path("a.png").read_bytes()
    assert jobs.Job("a.png", Path("b.png")).content() == content
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert jobs.Job("-", Path("b.png")).content() == content
    monkeypatch.setattr(addresses, "fetch", lambda address: address.encode())
    assert jobs.Job("http://x.org/a", Path("b.png")).content() == b"http://x.org/a"


def test_plan_variants_get_files_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "a.variant2.jpg", "b.tif"):
        (tmp_path / name).touch()
    plan = jobs.plan(["a.jpg", "a.variant2.jpg", "b.tif"], "out", saliency=True, variants=3)
    assert [[str(path) for path in job.outputs] for job in plan.jobs] == [
        ["out/a.jpg", "out/a.saliency.png", "out/a.variant2-2.jpg", "out/a.variant3.jpg"],
        [
            "out/a.variant2.jpg",
            "out/a.variant2.saliency.png",
            "out/a.variant2.variant2.jpg",
            "out/a.variant2.variant3.jpg",
        ],
        ["out/b.tif", "out/b.saliency.png", "out/b.variant2.tif", "out/b.variant3.tif"],
    ]


# ---- films ----


def animate(path, count):
    frames = [Image.new("L", (8, 8), 20 * number) for number in range(count)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def test_plan_of_films_and_animations(files, tmp_path):
    files("in/a.MP4", "in/b.avi", "in/c.gif")
    animate(tmp_path / "in/d.gif", 3)
    animate(tmp_path / "in/e.webp", 3)
    plan = jobs.plan(["in"], "out", saliency=True)
    assert pictures(plan) == {
        "in/a.MP4": "out/a.MP4",
        "in/b.avi": "out/b.mkv",
        "in/c.gif": "out/c.png",
        "in/d.gif": "out/d.gif",
        "in/e.webp": "out/e.webp",
    }
    assert [job.moves for job in plan.jobs] == [True, True, False, True, True]
    assert [job.source for job in plan.jobs if job.saliency] == ["in/c.gif"]
    still = jobs.plan(["in"], "out", still=True)
    assert [job.source for job in still.jobs if job.moves] == ["in/a.MP4", "in/b.avi"]
    assert pictures(still)["in/d.gif"] == "out/d.png"


@pytest.mark.parametrize(
    "source, out",
    [("a.mp4", "o.gif"), ("a.mp4", "o.png"), ("a.mp4", "-"), ("d.gif", "o.mp4"), ("d.gif", "-")],
)
def test_plan_refuses_a_file_that_cannot_hold_what_moves(files, tmp_path, source, out):
    files("a.mp4")
    animate(tmp_path / "d.gif", 2)
    with pytest.raises(UsageError, match=f"{source} moves.*'.(gif|mkv)'.*out='{out}'"):
        jobs.plan([source], out)


def test_plan_refuses_a_film_for_a_photograph(files):
    files("a.png")
    with pytest.raises(UsageError, match=r"Pictures are not written as \.mp4"):
        jobs.plan(["a.png"], "o.mp4")


def test_plan_fetches_no_films(files):
    files("a.png")
    plan = jobs.plan(["a.png", "https://example.org/a.mp4?x=1"], "out")
    assert plan.failed == [
        ("https://example.org/a.mp4?x=1", "films are not fetched; download it first")
    ]
