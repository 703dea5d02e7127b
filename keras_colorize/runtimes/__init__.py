"""What runs a trained model: Keras, ONNX Runtime, LiteRT, a server with a SavedModel."""
