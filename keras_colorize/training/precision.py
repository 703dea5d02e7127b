"""Mixed precision: float16 arithmetic, float32 weights, and a loss scaled to float16's range."""

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf


@contextlib.contextmanager
def policy(mixed: bool) -> Iterator[None]:
    """Build what is built in this block for mixed precision, or not; Keras's policy comes back.

    P. Micikevicius et al., "Mixed Precision Training", ICLR 2018.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if mixed else "float32")
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
