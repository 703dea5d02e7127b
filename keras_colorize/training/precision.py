"""Mixed precision: arithmetic in 16 bits, float32 weights, a loss scaled to float16's range."""

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf


@contextlib.contextmanager
def policy(precision: str) -> Iterator[None]:
    """Build what is built in this block for such arithmetic; Keras's policy then comes back.

    P. Micikevicius et al., "Mixed Precision Training", ICLR 2018.

    Args:
        precision: float32; float16 or bfloat16, with weights in float32.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class LossScaleOptimizer(keras.optimizers.LossScaleOptimizer):
    """Keras's, but a step is skipped on all devices when the gradients of any are not finite.

    Keras asks the first device, under a mirrored strategy, and each worker by itself, whose others
    then wait for it in vain.
    """

    def check_finite(self, grads):
        """Tell whether the gradients of all devices are finite."""
        strange = tf.cast(tf.logical_not(super().check_finite(grads)), tf.float32)
        context = tf.distribute.get_replica_context()
        return tf.equal(context.all_reduce(tf.distribute.ReduceOp.SUM, strange), 0.0)
