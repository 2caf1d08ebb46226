"""WebSockets: what an open socket sends and accepts."""
