"""Use cases: one verb per function, each a plain function over one transaction."""
