"""The third door: what is due is claimed and carried on, in any process, after any crash."""
