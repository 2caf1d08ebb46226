"""People, their sign-ins and their groups."""
