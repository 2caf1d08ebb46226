"""The tools that ship with the product."""
