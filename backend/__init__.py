"""The server: decides what happens, records it, and carries it out."""

__version__ = "0.1.0"
