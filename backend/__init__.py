"""What must happen and what has happened: the owner of the truth."""

__version__ = "0.1.0"
