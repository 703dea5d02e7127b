"""The words of benchmarks/table.md."""

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
        "parameters, which is checked.",
        _TIMES,
    ),
    "inference": (
        "Inference",
        "From L* to ab, one picture at a time. Ratios are to Zhang 2016 in PyTorch eager at 256². "
        "The default network sees photographs at 128 pixels unless told otherwise. Zhang 2016 has "
        "32.2 million parameters, the default network 4.5. The DDColor-T-sized network is not "
        "DDColor: it has a ConvNeXt-T of timm, a decoder with pixel shuffle, nine layers of color "
        "queries, 54.8 million parameters and random weights.",
        _TIMES,
    ),
    "profile": (
        "What the default network does in ONNX Runtime",
        "Kinds of operations, by ONNX Runtime's profiler.",
        ["processor ms"],
    ),
    "folders": (
        "Folder to folder",
        "Gray JPEGs of 3:2. Ours includes the start of ONNX Runtime, not Python's. The peer is "
        "Zhang 2016 with the steps of its published demonstration: scikit-image's Lab in both "
        "directions, Pillow's JPEGs.",
        ["photographs a second", *_TIMES],
    ),
    "start": (
        "Start-up",
        "A process that colors one photograph, from its start to its end.",
        _TIMES,
    ),
    "memory": (
        "Peak memory",
        "A process that colors one gray JPEG (`VmHWM`). Seconds are without Python's start.",
        ["seconds", "processor seconds", "peak memory GiB"],
    ),
    "cost": (
        "Cost against pixels and photographs",
        "`colorize` of a folder with ONNX Runtime. The exponent is the slope of the straight line "
        "through the logarithms: 1 is proportional, below 1 there are constant costs.",
        ["seconds", "processor seconds"],
    ),
}
