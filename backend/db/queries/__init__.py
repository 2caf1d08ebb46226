"""Queries, one noun a file."""
