"""ONNX files: what they say of themselves, and those that are made of them."""
