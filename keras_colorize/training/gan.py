"""Training a generator against its discriminator."""

import keras
import tensorflow as tf
from keras import ops

from keras_colorize.heads import Head
from keras_colorize.models.adversary import Adversary


class GanTrainer(keras.Model):
    """Trains a network against its discriminator; both learn from the same forward pass.

    A step logs the generator's `loss`; its parts without their weights, `l1_loss`,
    `adversarial_loss` and, where the network predicts saliency, `saliency_loss`; and the
    `discriminator_loss`. Validation measures only the mean absolute error of color, in the head's
    units: the judgments of a discriminator that goes on learning do not compare between epochs.

    Args:
        network: L* → `{"color": …}`, and `"saliency"` if the adversary weighs it.
        head: The network's head, which must predict one color for each pixel.
        adversary: The discriminator and the weights of the losses.
    """

    def __init__(self, network: keras.Model, head: Head, adversary: Adversary):
        super().__init__(name="gan")
        self.network = network
        self.look = adversary.look() if adversary.look else None
        seen = self.look.output_shape if self.look else network.output["color"].shape[-1]
        self.discriminator = adversary.discriminator(seen)
        self.adversary = adversary
        self._head = head
        names = ["loss", "l1_loss", "adversarial_loss", "discriminator_loss"]
        names += ["saliency_loss"] if adversary.saliency else []
        self._means = {name: keras.metrics.Mean(name) for name in names}

    def compile(
        self,
        optimizer: keras.optimizers.Optimizer,
        discriminator_optimizer: keras.optimizers.Optimizer,
    ) -> None:
        """Give each network its optimizer; both are built here, in the strategy's scope."""
        super().compile(optimizer)
        self.discriminator_optimizer = discriminator_optimizer
        optimizer.build(self.network.trainable_variables)
        discriminator_optimizer.build(self.discriminator.trainable_variables)

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """Both optimizers; their state belongs in a checkpoint."""
        return [self.optimizer, self.discriminator_optimizer]

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The means of the losses, which `reset_metrics` resets."""
        return list(self._means.values())

    def train_step(self, batch):
        """Take a step of both networks; returns the losses."""
        inputs, targets = batch
        with tf.GradientTape(persistent=True) as tape:
            outputs = self.network(inputs, training=True)
            losses = self._measure(inputs["lightness"], targets, outputs)
            # The mean over the whole batch, of which this replica may have a part.
            generator = tf.nn.compute_average_loss(losses["loss"])
            discriminator = tf.nn.compute_average_loss(losses["discriminator_loss"])
            # In float16 each optimizer has a scale of its own.
            generator = self.optimizer.scale_loss(generator)
            discriminator = self.discriminator_optimizer.scale_loss(discriminator)
        # Each loss has gradients for its own network's weights alone: neither network learns from
        # the other's loss.
        for loss, network, optimizer in (
            (generator, self.network, self.optimizer),
            (discriminator, self.discriminator, self.discriminator_optimizer),
        ):
            weights = network.trainable_variables
            optimizer.apply(tape.gradient(loss, weights), weights)
        return self._log(losses)

    def test_step(self, batch):
        """Measure the reconstruction alone."""
        inputs, targets = batch
        color = self.network(inputs, training=False)["color"]
        real = self._head.target(targets["color"], color)
        return self._log({"loss": _absolute(real - color)})

    def _measure(self, lightness, targets, outputs):
        """Return the losses of each photograph, `(B,)`."""
        fake = outputs["color"]
        real = self._head.target(targets["color"], fake)
        judgments = [
            # float32 whatever the policy, as the heads' outputs are.
            ops.cast(self.discriminator(self._see(lightness, color), training=True), "float32")
            for color in (fake, real)
        ]
        adversarial, discriminator = self.adversary.loss(*judgments)
        losses = {"l1_loss": _absolute(real - fake), "adversarial_loss": adversarial}
        loss = self.adversary.l1 * losses["l1_loss"] + self.adversary.weight * adversarial
        if self.adversary.saliency:
            weighted = real * _weight(targets["saliency"]) - fake * _weight(outputs["saliency"])
            losses["saliency_loss"] = _absolute(weighted)
            loss += self.adversary.saliency * losses["saliency_loss"]
        return {"loss": loss, **losses, "discriminator_loss": discriminator}

    def _see(self, lightness, color):
        """Return what the discriminator is shown of a picture."""
        return self.look([lightness, self._head.decode(color)]) if self.look else [lightness, color]

    def _log(self, losses):
        for name, values in losses.items():
            self._means[name].update_state(values)
        return {name: self._means[name].result() for name in losses}


def _absolute(difference):
    return ops.mean(ops.abs(difference), axis=(1, 2, 3))


def _weight(saliency):
    return saliency / 2 + 0.5
