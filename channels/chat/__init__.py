"""The web chat: open tabs of the web app."""
