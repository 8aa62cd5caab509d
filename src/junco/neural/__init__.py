"""Operators that hold a neural network: what an author declares, and all that comes with it.

`NeuralOperator` is the base; `ImageEmbedding` adds the ways of pictures into a model.
"""
