"""Implementations of the channels' protocols over our database and engine."""
