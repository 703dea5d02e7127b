"""Mixed precision: arithmetic in 16 bits, float32 weights, a loss scaled to float16's range."""

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf


@contextlib.contextmanager
def policy(precision: str) -> Iterator[None]:
    """Build networks for a precision in this block; afterwards Keras's policy is as before.

    P. Micikevicius et al., "Mixed Precision Training", ICLR 2018.

    Args:
        precision: `float32`, `float16` or `bfloat16`; weights are float32 in any case.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def scaled(optimizer: keras.optimizers.Optimizer, precision: str) -> keras.optimizers.Optimizer:
    """Return an optimizer that scales the loss, where the precision needs that: float16."""
    return LossScaleOptimizer(optimizer) if precision == "float16" else optimizer


class LossScaleOptimizer(keras.optimizers.LossScaleOptimizer):
    """Keras's, but all devices skip a step when the gradients of any are not finite.

    Keras asks only the first device of a mirrored strategy. It asks each of several workers by
    itself; one that skips a step then leaves the others waiting.
    """

    def check_finite(self, grads):
        """Tell whether the gradients of all devices are finite."""
        strange = tf.cast(tf.logical_not(super().check_finite(grads)), tf.float32)
        context = tf.distribute.get_replica_context()
        return tf.equal(context.all_reduce(tf.distribute.ReduceOp.SUM, strange), 0.0)
