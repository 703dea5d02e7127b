"""Pages that are one file each: the report of an evaluation, and the colorization Turing test."""
