"""How people are reached: linked accounts, their order, presence, and OAuth sign-ins at a provider."""
