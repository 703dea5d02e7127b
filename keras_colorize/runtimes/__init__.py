"""What runs a trained model: Keras, ONNX Runtime, a server with a SavedModel."""
