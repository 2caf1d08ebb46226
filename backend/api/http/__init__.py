"""The HTTP application, and what all routes share."""
