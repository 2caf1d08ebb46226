"""Implementations of the channels' protocols on top of our database and model."""
