"""The live stream: tokens as they arrive and hints that something was committed. Lossy, and never the only copy of anything."""
