"""Coloring films and animations: frames in, steady colors, the same film out."""
