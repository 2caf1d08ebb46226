"""How a run's next step is found: the engine contract, the engines behind it, and the tools they may propose."""
