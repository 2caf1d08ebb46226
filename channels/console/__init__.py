"""The console: the smallest channel; read it first."""
