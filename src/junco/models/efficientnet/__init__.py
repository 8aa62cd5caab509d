"""EfficientNet: pictures → features."""
