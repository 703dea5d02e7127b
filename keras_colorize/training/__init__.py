"""Training: recipes, the one loop, and what a run writes."""
