"""Networks whose architecture is written here: a folder for each, the module in ``model``, its files in ``weights``.

What turns items into a network's inputs, and its numbers into boxes, labels or segments, is the operator's.
"""
