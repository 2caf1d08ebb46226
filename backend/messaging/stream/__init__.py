"""Live and lossy: tokens as they come, hints that something was committed. Never the only copy of anything."""
