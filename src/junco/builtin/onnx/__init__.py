"""What ONNX files have to become before they can run here."""
