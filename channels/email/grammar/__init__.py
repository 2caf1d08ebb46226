"""Which decision a reply states, and when it states none."""
