"""Everything that leaves for a person: deliveries, their escalation, notices and drafts."""
