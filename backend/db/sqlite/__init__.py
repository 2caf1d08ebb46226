"""The database on SQLite: one writer thread, group commit, readers beside it."""
