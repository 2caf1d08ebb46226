"""Parse a raw mail: who sent it, what kind of mail it is, and which part of it is new."""
