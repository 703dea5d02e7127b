"""A page in the browser that colors the photographs which visitors drop on it."""
