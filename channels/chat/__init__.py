"""The web chat: the open tabs of the web app."""
