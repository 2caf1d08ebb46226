"""uvicorn's protocols, made to refuse ambiguous requests and to end stalled connections."""
