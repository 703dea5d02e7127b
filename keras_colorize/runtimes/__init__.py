"""What runs a trained model: today a SavedModel."""
