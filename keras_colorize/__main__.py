"""`python -m keras_colorize VERB …`, the same as `keras-colorize VERB …`."""

import sys

from keras_colorize.cli import main

sys.exit(main())
