"""SSD-MobileNetV2: pictures → box encodings and logits."""
