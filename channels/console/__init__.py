"""The console: the smallest channel. Read it first."""
