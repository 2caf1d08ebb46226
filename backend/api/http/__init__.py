"""The HTTP application and what every route shares."""
