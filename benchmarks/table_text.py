"""The words of benchmarks/table.md."""

import math

HEAD = """# The table

`python benchmarks/table.py --torch PYTHON` measures it in one run, and `table.csv` has its numbers.
The processes of a group are alive at once and take turns; the numbers are medians, and ratios are
medians of those within a round. Processor time is that of all threads.
"""

_TIMES = ["ms", "processor ms", "seconds : peer", "processor seconds : peer"]

# What each section is called, what is said of it, and its columns.
SECTIONS = {
    "pipeline": (
        "Input pipeline",
        "JPEGs of 0.2 megapixels: decode, random crop, mirror, average areas to 224², Lab, batches "
        "of 8. Ratios are to Pillow + scikit-image. Pillow and OpenCV work in two threads, the "
        "DataLoader in two processes with the same Pillow and scikit-image.",
        ["photographs a second", "processor ms", "seconds : peer", "processor seconds : peer"],
    ),
    "step": (
        "Training step",
        "Batches of 4, float32, the whole network trained. The networks have equally many "
        "parameters, which is checked. Zhang 2016 takes as much processor time as in PyTorch; both "
        "convolve with oneDNN.",
        _TIMES,
    ),
    "inference": (
        "Inference",
        "From L* to ab, one picture at a time. Ratios are to Zhang 2016 in PyTorch eager at 256². "
        "In the other sections the default network sees photographs at 160 pixels. Zhang 2016 has "
        "32.2 million parameters, the default network 4.5. The DDColor-T-sized network is not "
        "DDColor: it has a ConvNeXt-T of timm, a decoder with pixel shuffle, nine layers of color "
        "queries, 54.8 million parameters and random weights. Keras calls one layer after the "
        "other, as `colorize --runtime keras` does, which costs 0.2 s for a picture of any size. "
        "In a compiled graph the network is as fast as in ONNX Runtime; tracing it takes 1.2 s, "
        "which pays from the seventh photograph on.",
        _TIMES,
    ),
    "profile": (
        "What the default network does in ONNX Runtime",
        "Kinds of operations by ONNX Runtime's profiler, those of the 128 classes' decoding "
        "included. Batch normalization, ReLU and ReLU6 are not among them: they are folded into "
        "the convolutions, all of whose channels are multiples of 8. Convolutions take most of "
        "the time, at about 140 GFLOP/s on one core. Profiling showed three faults, and a file "
        "without them takes 20 % less time at 256². Maps were doubled by 50 slices and 39 "
        "concatenations, each of which left the layout in which ONNX Runtime convolves; now "
        "`Upsample` keeps it. The classes of a\\* and b\\* were split and decoded one after the "
        "other. Arithmetic on L\\*, a map of a single channel, took fifteen times as long for a "
        "pixel as on three copies. `TopK`, for the output `ab_argmax`, is computed whether it is "
        "asked for or not: about 4 %.",
        ["processor ms"],
    ),
    "folders": (
        "Folder to folder",
        "Gray JPEGs of 3:2. Ours includes the start of ONNX Runtime, not Python's. The peer is "
        "Zhang 2016 with the steps of its published demonstration: scikit-image's Lab in both "
        "directions, Pillow's JPEGs. The codec alone does not color; what remains is arithmetic on "
        "pixels, which [Colorize](colorize.md) measures by itself.",
        ["photographs a second", *_TIMES],
    ),
    "start": (
        "Start-up",
        "A process that colors one photograph, from its start to its end. With Keras this takes "
        "longer than with PyTorch because TensorFlow and Keras take longer to import; `--runtime "
        "auto` therefore starts neither where there is a file for ONNX Runtime or LiteRT.",
        _TIMES,
    ),
    "memory": (
        "Peak memory",
        "A process that colors one gray JPEG (`VmHWM`). Both times are without Python's start and "
        "the imports that come first.",
        ["seconds", "processor seconds", "peak memory GiB"],
    ),
    "cost": (
        "Cost against pixels and photographs",
        "`colorize` of a folder with ONNX Runtime. The exponent is the slope of the straight line "
        "through the logarithms: 1 is proportional, below 1 there are constant costs.",
        ["seconds", "processor seconds"],
    ),
}


def summary(section: str, lines: list[dict]) -> list[str]:
    """Return what follows from a section's numbers."""
    if section != "inference":
        return []
    said = []
    for group in dict.fromkeys(line["group"] for line in lines):
        took = {
            line["row"]: float(line["processor seconds"])
            for line in lines
            if line["group"] == group
        }
        onnx = took["ONNX Runtime, 256²"]
        zhang = took["Zhang 2016, PyTorch eager, 256²"] / onnx
        keras, compiled = (took[f"Keras{kind}, 256²"] / onnx for kind in ("", ", compiled"))
        said.append(
            f"On {group} at 256², ONNX Runtime takes 1/{zhang:.1f} of the processor time of Zhang "
            f"2016 in PyTorch eager, 1/{keras:.1f} of Keras's and 1/{compiled:.1f} of a compiled "
            "graph's."
        )
    return [" ".join(said), ""]


def page(lines: list[dict], about: str) -> str:
    """Render the CSV file."""
    text = [HEAD, about, ""]
    for section, (title, said, columns) in SECTIONS.items():
        mine = [line for line in lines if line["section"] == section]
        if not mine:
            continue
        text += [f"## {title}", "", said, ""]
        text.append(f"| {' | '.join(['', '', *columns])} |")
        text.append(f"|---|---|{'---:|' * len(columns)}")
        group = None
        for line in mine:
            cells = [shown(line, column) for column in columns]
            first = line["group"] if line["group"] != group else ""
            group = line["group"]
            text.append(f"| {' | '.join([first, line['row'], *cells])} |")
        text += ["", *summary(section, mine)]
    return "\n".join(text)


def shown(line: dict, column: str) -> str:
    """Return a number as the page has it: `photographs a second` and `ms` are made of seconds."""
    is_exponent = line["row"] == "exponent"
    if column == "photographs a second":
        return f"{1 / float(line['seconds']):,.3g}" if not is_exponent else ""
    source = column.replace("ms", "seconds")
    value = line[source]
    if not value or is_exponent:
        return value
    number = float(value) * (1000 if column != source else 1)
    digits = max(0, 2 - math.floor(math.log10(number))) if number > 0 else 0
    return f"{number:,.{digits}f}"
