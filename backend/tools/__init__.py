"""The tools an agent may call: their contract, the registry and the threads they run on."""
