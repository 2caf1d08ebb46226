"""Writing mail: questions, outcomes and notices as text and HTML."""
