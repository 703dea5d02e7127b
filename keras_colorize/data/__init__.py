"""Photographs: where they are, how they are read and written, and the batches made of them."""
