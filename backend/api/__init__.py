"""The first door: HTTP and WebSockets."""
