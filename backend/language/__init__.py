"""What the product asks of a model beside an agent's steps: summaries of long sessions, and readings of free text."""
