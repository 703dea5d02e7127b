"""Scoring pictures: rows, metrics, intervals, tables, pages."""
