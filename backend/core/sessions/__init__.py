"""Chat sessions and the audit chain each one keeps."""
