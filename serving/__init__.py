"""How a model answers: the service, its messages and its words."""
