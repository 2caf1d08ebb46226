"""How people are reached: linked accounts, their order, presence, and sign-ins at a provider."""
