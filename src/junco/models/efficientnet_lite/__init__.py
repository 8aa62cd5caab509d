"""EfficientNet-Lite: pictures → features."""
