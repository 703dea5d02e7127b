"""What a person asks of a picture beside the photograph: colors at places, a palette.

`Hints`, `Reference` and the others are imported from `keras_colorize`.
"""
