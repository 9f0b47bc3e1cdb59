"""How a model is made, judged, tracked and promoted."""
