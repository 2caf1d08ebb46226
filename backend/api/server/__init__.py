"""The server below the application: protocols that refuse ambiguous requests and end stalled connections."""
