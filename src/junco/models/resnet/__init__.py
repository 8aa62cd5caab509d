"""ResNet and its kin: pictures → features."""
