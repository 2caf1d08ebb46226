"""Use cases: what must happen, one verb a function, each a plain function over one transaction."""
