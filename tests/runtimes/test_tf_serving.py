"""What a server reads beside a SavedModel, and what it answers to hostile requests."""

from collections import Counter

import hostile_requests
import tensorflow as tf
from encoded import decode, encode
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from tensorflow_serving.apis import prediction_log_pb2

from keras_colorize.data import photographs


def test_savedmodel_brings_warmup_requests_that_its_signatures_answer(exported, signatures):
    path = exported / "1" / "assets.extra" / "tf_serving_warmup_requests"
    answered = Counter()
    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.name == "colorizer"
        inputs = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
        (output,) = signatures[request.model_spec.signature_name](
            **{name: tf.constant(value) for name, value in inputs.items()}
        ).values()
        (given,) = inputs.values()
        if output.dtype == tf.string:
            assert decode(output.numpy()[0]).shape == photographs.read(given.item()).shape
        else:
            assert output.shape == (*given.shape[:3], 2)
        answered[request.model_spec.signature_name] += 1
    assert answered == {"serving_default": 2, "lightness_to_ab": 1}


def test_batching_configuration_is_one_that_the_server_reads(exported):
    """The fields are those of TensorFlow Serving's session_bundle_config.proto."""
    file = descriptor_pb2.FileDescriptorProto(name="batching.proto", package="serving")
    for kind, name in ((3, "Int64Value"), (8, "BoolValue")):
        file.message_type.add(name=name).field.add(name="value", number=1, type=kind, label=1)
    fields = "max_batch_size batch_timeout_micros max_enqueued_batches num_batch_threads"
    fields = [*fields.split(), "enable_large_batch_splitting", "max_execution_batch_size"]
    parameters = file.message_type.add(name="BatchingParameters")
    for number, name in enumerate(fields, 1):
        value = ".serving.BoolValue" if name.startswith("enable") else ".serving.Int64Value"
        parameters.field.add(name=name, number=number, type=11, label=1, type_name=value)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    kind = pool.FindMessageTypeByName("serving.BatchingParameters")
    read = message_factory.GetMessageClass(kind)()
    text_format.Parse((exported / "batching.txt").read_text(), read)
    assert {name for name in fields if read.HasField(name)} == set(fields)
    # Photographs of two requests must not be joined, or they fail together; and the queue must
    # hold the largest request, or that is always refused.
    assert read.enable_large_batch_splitting.value and read.max_execution_batch_size.value == 1
    assert read.max_batch_size.value <= read.max_enqueued_batches.value


def test_savedmodel_answers_fuzzed_requests_with_a_picture_or_a_sentence(signatures, picture):
    colorize, neighbor = signatures["serving_default"], encode(picture(24, 32))
    (expected,) = colorize(image_bytes=tf.constant([neighbor]))["png_bytes"].numpy()
    fates = {}
    for kind, content in hostile_requests.requests(300):
        fate = hostile_requests.fate(content, colorize, neighbor, expected)
        fates.setdefault(kind, []).append(fate)
    colored = {kind: made.count("colored") for kind, made in fates.items()}
    assert len(fates["whole"]) > colored["whole"] > 0  # an animated WebP is refused
    assert colored["noise"] == colored["right beginning, then noise"] == 0
    assert colored["truncated"] == 0 < colored["a few bits flipped"]
