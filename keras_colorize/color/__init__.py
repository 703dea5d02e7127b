"""Color science: sRGB, CIELAB and the bins that the class heads predict."""
